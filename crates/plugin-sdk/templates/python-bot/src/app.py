"""{{name}}: rolls dice. ``/roll 2d6`` rolls two of six sides, and a button rolls them again."""

import random
import re

from teahouse import Plugin, export
from teahouse_bot import button, card, messages, reply


class Dice(Plugin):
    def init(self, settings):
        self.most = settings["most"]

    def read(self, words):
        """Reads "2d6" as (2, 6): none where it is no such thing."""
        found = re.fullmatch(r"(\d{1,3})?d(\d{1,4})", words, re.IGNORECASE)
        if found is None:
            return None
        count, sides = int(found[1] or 1), int(found[2])
        return (count, sides) if 1 <= count <= self.most and sides >= 2 else None

    def rolled(self, room, name, words):
        count, sides = self.read(words)
        eyes = [random.randint(1, sides) for _ in range(count)]
        again = button("again", "再来 Again", value=words, style="primary")
        shown = " + ".join(str(eye) for eye in eyes)
        return card(room, f"🎲 {name}: {sum(eyes)}", f"{words} → {shown}", buttons=[[again]])

    def command(self, id, command):
        message, words = command.message, command.args.strip() or "1d6"
        if self.read(words):
            answer = self.rolled(message.room, message.sender.name, words)
        else:
            usage = f"例如 For example: /roll 2d6 (≤ {self.most})"
            answer = reply(message, usage, only_for=message.sender.id)
        messages.send(answer, key=id)

    def pressed(self, id, press):
        messages.send(self.rolled(press.room, press.user.name, press.value), key=id)


export(Dice(), globals())
