"""What only a bot may use: messages, history, moderation, timers and the network, each with its capability.

Part of the SDK, beside teahouse.py.
"""

import json

from teahouse import call
from wit_world.imports import history as _history
from wit_world.imports import http as _http
from wit_world.imports import messages as _messages
from wit_world.imports import moderation as _moderation
from wit_world.imports import timers as _timers
from wit_world.imports.types import Button, Draft


def text(room, words, reply_to=None, only_for=None, mentions=(), buttons=()):
    """A text, to be sent."""
    return Draft(room, "text", words, None, reply_to, list(mentions), list(buttons), only_for, [])


def card(room, title, words, reply_to=None, only_for=None, mentions=(), buttons=()):
    """A card: a title, a text below it, rows of buttons."""
    content = json.dumps({"title": title, "text": words}, ensure_ascii=False)
    return Draft(room, "card", words, content, reply_to, list(mentions), list(buttons), only_for, [])


def reply(message, words, **options):
    """A text in answer to a message, in its room."""
    return text(message.room, words, reply_to=message.id, **options)


def button(id, label, value="", style=""):
    """A button. value comes back with the press; style: "default", "primary", "danger"."""
    return Button(id, label, style, value)


class messages:
    """The plugin's own. Give the event's id as key: events come at least once, and an answer is sent once."""

    @staticmethod
    def send(draft, key=None):
        return call(_messages.send, draft, key)

    @staticmethod
    def edit(id, draft):
        call(_messages.edit, id, draft)

    @staticmethod
    def recall(id):
        call(_messages.recall, id)

    @staticmethod
    def react(id, emoji):
        call(_messages.react, id, emoji)

    @staticmethod
    def typing(room):
        call(_messages.typing, room)


class history:
    """What was said before, newest first."""

    @staticmethod
    def get(id):
        return call(_history.get, id)

    @staticmethod
    def before(room, than=None, limit=50):
        return call(_history.before, room, than, limit)


class moderation:
    """A moderator's acts. matter is made by review() of teahouse.py; times are in milliseconds, 0 ends a mute."""

    @staticmethod
    def flag(id, matter):
        call(_moderation.flag, id, matter)

    @staticmethod
    def remove(id, reason):
        call(_moderation.remove, id, reason)

    @staticmethod
    def release(id):
        call(_moderation.release, id)

    @staticmethod
    def mute(room, user, duration, reason):
        call(_moderation.mute, room, user, duration, reason)


class timers:
    """Durable timers: they come back as the event timer, also after a restart. Times are in milliseconds."""

    @staticmethod
    def set(name, delay, payload="", every=None):
        call(_timers.set, name, int(delay), every, payload)

    @staticmethod
    def cancel(name):
        return call(_timers.cancel, name)


class http:
    """The hosts that the manifest names."""

    @staticmethod
    def send(method, url, headers=(), body=b"", timeout=None, secret=None):
        return call(_http.send, _http.Request(method, url, list(headers), body, timeout, secret))
