"""Reminds people of what they asked it to: commands, buttons, durable timers.

A reminder is a value in kv, `open/USER/NUMBER`, and a timer of the same name. Everything is named after the event that
brought it, so that an event that is delivered twice does what it did the first time.
"""

from binascii import crc32

import spans
from teahouse import HostError, Plugin, env, export, kv
from teahouse_bot import button, messages, reply, text, timers

#: How long the buttons of a reminder that fired work.
KEPT = 2 * spans.DAY


def say(locale, chinese, english):
    """In the reader's language; in both where it isn't known."""
    if locale.startswith("zh"):
        return chinese
    return english if locale.startswith("en") else f"{chinese} {english}"


def number_of(id):
    """Short, since a timer's name is: a person has ten reminders at most, so that two of one number don't meet."""
    return f"{crc32(id.encode()):08x}"


def stored(user, number):
    return f"open/{user}/{number}"


class Reminder(Plugin):
    def init(self, settings):
        self.each = settings["each"]
        self.zone = settings["hours-from-utc"]
        self.snooze = settings["snooze-minutes"] * spans.MINUTE

    # What people ask for

    def command(self, id, command):
        message, locale = command.message, command.locale
        if command.name == "reminders":
            answer = self.listed(message.room, message.sender.id, locale)
        else:
            answer = self.noted(id, message, command.args, locale)
        messages.send(answer, key=id)

    def noted(self, id, message, args, locale):
        """Notes a reminder; gives the answer, which its author alone sees."""

        def answer(chinese, english):
            return reply(message, say(locale, chinese, english), only_for=message.sender.id)

        found = spans.read(args, env.now(), self.zone)
        if found is None or not found[1]:
            return answer("例如：/提醒 10分钟 茶好了", "For example: /remind 10m the tea is ready")
        delay, words = found
        if not spans.LEAST <= delay <= spans.MOST:
            return answer("只能在 10 秒到 49 天之间。", "Between 10 seconds and 49 days, please.")
        waiting = kv.keys(f"open/{message.sender.id}/", limit=self.each + 1).keys
        number = number_of(id)
        if len(waiting) >= self.each and stored(message.sender.id, number) not in waiting:
            return answer(f"你已经有 {self.each} 个提醒了。", f"You have {self.each} reminders already.")
        try:
            self.set(message.sender.id, number, message.room, words, delay, message.id)
        except HostError as error:
            if error.code not in ("quota", "rate-limited"):
                raise
            return answer("提醒太多了，请稍后再试。", "Too many reminders wait; try again later.")
        chinese, english = spans.show(delay, True), spans.show(delay, False)
        return answer(f"好的，{chinese}后提醒你。", f"I will remind you in {english}.")

    def listed(self, room, user, locale):
        keys = kv.keys(f"open/{user}/", limit=self.each).keys
        found = sorted((kv.get(key) | {"key": key} for key in keys), key=lambda one: one["due"])
        if not found:
            return text(room, say(locale, "你没有提醒。", "Nothing waits for you."), only_for=user)
        lines = [
            f"{place}. {one['words']} ({spans.show(max(one['due'] - env.now(), 0), not locale.startswith('en'))})"
            for place, one in enumerate(found, 1)
        ]
        cancel = say(locale, "取消", "Cancel")
        rows = [
            [button(f"cancel-{place}", f"{cancel} {place}", value=one["key"], style="danger")]
            for place, one in enumerate(found, 1)
        ]
        title = say(locale, "你的提醒", "Your reminders")
        return text(room, "\n".join([title, *lines]), only_for=user, buttons=rows)

    # What happens to a reminder

    def set(self, user, number, room, words, delay, message):
        one = {"room": room, "words": words, "due": env.now() + delay, "message": message}
        timers.set(stored(user, number), delay)
        kv.set(stored(user, number), one)

    def timer(self, id, timer):
        one = kv.get(timer.name)
        if one is None:
            return
        user = timer.name.split("/")[1]
        rows = [
            [
                button("done", "好 Done", value=timer.name, style="primary"),
                button("later", "稍后 Later", value=timer.name),
            ]
        ]
        draft = text(one["room"], f"⏰ {one['words']}", reply_to=one["message"], mentions=[user], buttons=rows)
        messages.send(draft, key=id)
        kv.set(f"fired/{timer.name}", one, ttl=KEPT)
        kv.delete(timer.name)

    def pressed(self, id, press):
        owner = press.value.split("/")[1]
        if press.user.id != owner:
            chinese, english = "这是别人的提醒。", "That is somebody else's reminder."
        elif press.button.startswith("cancel"):
            timers.cancel(press.value)
            kv.delete(press.value)
            chinese, english = "已取消。", "Cancelled."
        elif press.button == "done":
            kv.delete(f"fired/{press.value}")
            chinese, english = "好的。", "Very well."
        else:
            chinese, english = self.postponed(id, press, owner)
        messages.send(text(press.room, say(press.locale, chinese, english), only_for=press.user.id), key=id)

    def postponed(self, id, press, owner):
        one = kv.get(f"fired/{press.value}")
        if one is None:
            return "这个提醒已经处理了。", "That one is done with already."
        self.set(owner, number_of(id), one["room"], one["words"], self.snooze, one["message"])
        kv.delete(f"fired/{press.value}")
        return (
            f"好的，{spans.show(self.snooze, True)}后再提醒你。",
            f"I will remind you again in {spans.show(self.snooze, False)}.",
        )


export(Reminder(), globals())
