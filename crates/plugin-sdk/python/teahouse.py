"""The host, in Python: what every plugin may use, and ``Plugin``, whose methods the host calls.

Part of the SDK: copied into your project, and yours to read; what you change here is yours to keep.
"""

import json
import random

from componentize_py_types import Err
from wit_world.exports.setup import Problem as SettingsProblem
from wit_world.imports import directory as _directory
from wit_world.imports import env as _env
from wit_world.imports import kv as _kv
from wit_world.imports import log as _log
from wit_world.imports.types import (
    Admission_Allow,
    Admission_Ask,
    Admission_Reject,
    Rejection,
    Replacement,
    Review,
    Verdict_Allow,
    Verdict_Flag,
    Verdict_Reject,
    Verdict_Replace,
    Verdict_Shadow,
)


class HostError(Exception):
    """Why a host function did nothing.

    ``code``: denied, not-found, invalid, too-large, rate-limited, quota, conflict, unavailable.
    """

    def __init__(self, raw):
        name = type(raw).__name__.removeprefix("Error_")
        self.code = "".join("-" + c.lower() if c.isupper() else c for c in name).removeprefix("-")
        self.detail = getattr(raw, "value", None)
        super().__init__(self.code if self.detail is None else f"{self.code}: {self.detail}")


class Problem(Exception):
    """What is wrong with a setting: raise it from ``init``."""

    def __init__(self, field, text):
        super().__init__(text)
        self.field = field


def call(function, *args):
    """Calls a host function; its error becomes a HostError."""
    try:
        return function(*args)
    except Err as error:
        raise HostError(error.value) from None


class log:
    """Lines in the plugin's log: ``log.info("words loaded", count=12)``. Never what people wrote."""

    @staticmethod
    def _write(level, text, fields):
        _log.write(level, str(text), [(name, str(value)) for name, value in fields.items()])

    @classmethod
    def debug(cls, text, **fields):
        cls._write(_log.Level.DEBUG, text, fields)

    @classmethod
    def info(cls, text, **fields):
        cls._write(_log.Level.INFO, text, fields)

    @classmethod
    def warn(cls, text, **fields):
        cls._write(_log.Level.WARN, text, fields)

    @classmethod
    def error(cls, text, **fields):
        cls._write(_log.Level.ERROR, text, fields)


class env:
    """Time and chance. There is no clock but the host's: ``time`` and ``datetime.now`` don't work."""

    @staticmethod
    def now():
        """Milliseconds since 1970 in UTC."""
        return _env.now()

    @staticmethod
    def remaining():
        """Milliseconds left to this call."""
        return _env.remaining()


class kv:
    """The plugin's own store, capability kv. Values are JSON; ``ttl`` is in milliseconds."""

    @staticmethod
    def get(key, missing=None):
        found = call(_kv.get, key)
        return missing if found is None else json.loads(found)

    @staticmethod
    def set(key, value, ttl=None):
        call(_kv.set, key, _bytes(value), ttl)

    @staticmethod
    def delete(key):
        """Whether there was one."""
        return call(_kv.delete, key)

    @staticmethod
    def increment(key, by=1, ttl=None):
        """Adds to a counter, atomically, and gives the sum. The ttl is set when the counter is born."""
        return call(_kv.increment, key, by, ttl)

    @staticmethod
    def update(key, missing, change):
        """Changes a value although others may be changing it: ``change`` gets the old value, and gives the new one."""
        for _ in range(5):
            old = call(_kv.get, key)
            value = change(missing if old is None else json.loads(old))
            try:
                call(_kv.swap, key, old, _bytes(value), None)
                return value
            except HostError as error:
                if error.code != "conflict":
                    raise
        raise RuntimeError(f"conflict: {key} is changed all the time")

    @staticmethod
    def keys(prefix, after=None, limit=100):
        """A page of keys, with ``keys`` and ``next``."""
        return call(_kv.keys, prefix, after, limit)


def _bytes(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class directory:
    """Rooms where the plugin is installed, and their members, capability directory."""

    @staticmethod
    def room(id):
        return call(_directory.get_room, id)

    @staticmethod
    def user(id):
        return call(_directory.get_user, id)

    @staticmethod
    def role(room, user):
        return call(_directory.get_role, room, user)

    @staticmethod
    def members(room, after=None, limit=100):
        """A page of members, with ``users`` and ``next``."""
        return call(_directory.list_members, room, after, limit)


def extra(pairs, name):
    """The value of a name in a list of pairs such as ``message.extra``; none if it isn't there."""
    return next((value for key, value in pairs if key == name), None)


# Verdicts of a filter. code is a stable word; reason, and the note of replace, are shown to the sender.

allow = Verdict_Allow()


def reject(code, reason):
    return Verdict_Reject(Rejection(code, reason))


def replace(text, note="", content=None, review=None):
    return Verdict_Replace(Replacement(text, content, note, review))


def review(code, note, severity=1, hold=False):
    """For the moderators. severity: 0 a note, 1 low, 2 medium, 3 high; hold: until one of them lets it through."""
    return Review(code, note, severity, hold)


def flag(code, note, severity=1, hold=False):
    return Verdict_Flag(review(code, note, severity, hold))


def shadow(code, note, severity=1):
    return Verdict_Shadow(review(code, note, severity))


# Of a gate, who comes in.

admit = Admission_Allow()


def refuse(code, reason):
    return Admission_Reject(Rejection(code, reason))


def ask(code, note, severity=1):
    """Whoever runs the room decides."""
    return Admission_Ask(review(code, note, severity))


class Plugin:
    """Yours: write ``init`` and the methods that your manifest names. An instance is a cache; what must last is in kv."""

    def init(self, settings):
        """Takes the settings; raises Problem where one is wrong."""

    def check(self, message):
        return allow

    def check_edit(self, before, after):
        return self.check(after)

    def check_name(self, subject, text, by, room):
        return allow

    def check_join(self, room, user, word):
        return admit


def _told(method, *args):
    # An exception becomes the text of an error: that costs this call, where a trap would cost the instance.
    try:
        return method(*args)
    except Exception as error:
        raise Err(f"{type(error).__name__}: {error}") from None


def export(plugin, module):
    """Puts what the host calls into a module: ``export(MyPlugin(), globals())`` at the end of app.py."""

    class Setup:
        def init(self, config):
            # Python took its seed when the component was built: it would be the same on every server.
            random.seed(bytes(_env.random(32)))
            try:
                plugin.init(json.loads(config))
            except Exception as error:
                raise Err([SettingsProblem(getattr(error, "field", ""), str(error))]) from None

    class Filter:
        def check(self, message):
            return _told(plugin.check, message)

        def check_edit(self, before, after):
            return _told(plugin.check_edit, before, after)

    class Gate:
        def check_name(self, subject, text, by, room):
            return _told(plugin.check_name, subject, text, by, room)

        def check_join(self, room, user, word):
            return _told(plugin.check_join, room, user, word)

    class Bot:
        def handle(self, id, event):
            kind = type(event).__name__.removeprefix("Event_").lower()
            method = getattr(plugin, kind, None)
            if method is not None:
                _told(method, id, event.value)

    module.update(Setup=Setup, Filter=Filter, Gate=Gate, Bot=Bot)
