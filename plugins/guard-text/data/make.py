"""Writes exact.txt and traditional.txt. Run by hand when the sources change; the results are kept.

    pip download --no-deps opencc-python-reimplemented==0.1.7 && unzip opencc_python_reimplemented-*.whl
    python3 make.py opencc/dictionary/TSCharacters.txt

exact.txt comes from Python's unicodedata, traditional.txt from OpenCC's table of characters (Apache-2.0).
Each entry is one target character followed by every character that reads as it.
"""

import sys
import unicodedata
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent


def exact(c: str) -> str | None:
    """The one small letter, digit or ideograph that `c` is only another form of."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", c).lower())
    if not folded:
        return None
    base = unicodedata.normalize("NFKD", folded)
    if "a" <= base[0] <= "z" and all(unicodedata.combining(m) for m in base[1:]):
        folded = base[0]  # é is read as e
    # (1), 1. and [a] stand for what is inside.
    inner = folded.strip("().〔〕")
    folded = inner if len(inner) == 1 else folded
    return folded if len(folded) == 1 and folded != c else None


def keep(c: str) -> bool:
    name = unicodedata.name(c, "")
    script = name.split(" ")[0]
    if script in ("ARABIC", "HANGUL", "HALFWIDTH", "KATAKANA") and "LETTER" in name:
        return False
    return not unicodedata.category(c).startswith(("M", "Z", "C"))


def squared() -> dict[str, str]:
    """Letters in squares and circles, and flags' letters: Unicode names them, but gives most no decomposition."""
    starts = (0x1F130, 0x1F150, 0x1F170, 0x1F1E6)
    return {chr(s + i): chr(ord("a") + i) for s in starts for i in range(26)}


def circled_digits() -> dict[str, str]:
    starts = (0x2776, 0x2780, 0x278A, 0x24F5)  # ❶ ➀ ➊ ⓵
    digits = {chr(s + i): str(i + 1) for s in starts for i in range(9)}
    return digits | {"⓪": "0", "⓿": "0", "🄋": "0", "🄌": "0"}


def small_capitals() -> dict[str, str]:
    return dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz"))


def closed(pairs: dict[str, str]) -> dict[str, str]:
    """Goes all the way where a target is folded itself, so that folding once is enough."""
    done = {}
    for source, target in pairs.items():
        seen = {source}
        while target in pairs and target not in seen:
            seen.add(target)
            target = pairs[target]
        done[source] = target
    return done


def write(name: str, pairs: dict[str, str]) -> None:
    groups = defaultdict(list)
    for source, target in sorted(pairs.items()):
        groups[target].append(source)
    words = [t + "".join(s) for t, s in sorted(groups.items())]
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) > 100 and line:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    lines.append(line)
    (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(name, len(pairs), "pairs")


def main() -> None:
    folds = {chr(n): t for n in range(0x80, 0x20000) if keep(chr(n)) and (t := exact(chr(n)))}
    folds |= {c: c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    folds |= squared() | circled_digits() | small_capitals()
    folds = {s: t for s, t in folds.items() if ord(t) < 0x10000 and keep(t) and not t.isspace()}
    write("exact.txt", closed(folds))

    traditional = {}
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        source, _, targets = line.partition("\t")
        target = targets.split(" ")[0]
        if len(source) == len(target) == 1 and source != target and max(source, target) < "\U00010000":
            traditional[source] = target
    traditional = closed(traditional)
    write("traditional.txt", {s: t for s, t in traditional.items() if s != t})


main()
