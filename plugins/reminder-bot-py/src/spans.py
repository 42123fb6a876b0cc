"""When: reads "10m", "2h30m", "15:30", "10分钟", "半小时". Knows nothing of the host."""

import re

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

#: What the host allows for a timer: 10 seconds to 49 days.
LEAST, MOST = 10 * SECOND, 49 * DAY

_UNITS = {
    SECOND: ["seconds", "second", "sec", "s", "秒钟", "秒"],
    MINUTE: ["minutes", "minute", "min", "m", "分钟", "分"],
    HOUR: ["hours", "hour", "h", "个小时", "小时", "个钟头", "钟头"],
    DAY: ["days", "day", "d", "天", "日"],
}
_LENGTH = {name: length for length, names in _UNITS.items() for name in names}
_NAMES = "|".join(sorted(_LENGTH, key=len, reverse=True))
_PART = rf"(\d+(?:\.\d+)?|半)\s*({_NAMES})"
# A unit in letters must end there: "10 mice" is no time, while Chinese goes on without a space.
_SPAN = re.compile(rf"(?:{_PART}(?![a-z])\s*)+", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)(?!\d)")


def read(words, now, zone):
    """("10m tea", …) → (600000, "tea"): how long from now, in ms, and what; none where there is no time.

    now is in ms since 1970, zone in hours ahead of UTC.
    """
    words = words.strip()
    found = _SPAN.match(words)
    if found:
        parts = re.findall(_PART, found[0], re.IGNORECASE)
        delay = sum(_number(count) * _LENGTH[unit.lower()] for count, unit in parts)
        return round(delay), _rest(words, found)
    found = _CLOCK.match(words)
    if found:
        local = now + zone * HOUR
        wanted = int(found[1]) * HOUR + int(found[2]) * MINUTE
        delay = (wanted - local % DAY) % DAY
        # The minute that it is: tomorrow's, since this one has begun.
        return round(delay or DAY), _rest(words, found)
    return None


def show(delay, chinese):
    """90 minutes → "1 h 30 min", by its two largest units."""
    names = ["天", "小时", "分钟", "秒"] if chinese else ["d", "h", "min", "s"]
    shown = []
    for length, name in zip([DAY, HOUR, MINUTE, SECOND], names):
        count, delay = divmod(delay, length)
        if count:
            shown.append(f"{int(count)} {name}")
    return " ".join(shown[:2]) or f"0 {names[3]}"


def _number(text):
    return 0.5 if text == "半" else float(text)


def _rest(words, found):
    # "10分钟后提醒我喝茶", "in 10 minutes to drink tea": what remains is what to say.
    rest = words[found.end() :].strip()
    return re.sub(r"^(?:之?后|以后|later)[\s,，:：]*", "", rest, flags=re.IGNORECASE).strip()
