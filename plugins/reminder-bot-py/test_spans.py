"""What people write for a time, and what is read in it."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "src"))

import spans  # noqa: E402

#: 2026-01-01T04:00:00Z: noon in China.
NOON = 1_767_240_000_000


class Read(unittest.TestCase):
    def check(self, words, expected):
        self.assertEqual(spans.read(words, NOON, 8), expected, words)

    def test_spans_in_english(self):
        self.check("10m the tea is ready", (10 * spans.MINUTE, "the tea is ready"))
        self.check("2h30m call Ann", (150 * spans.MINUTE, "call Ann"))
        self.check("1 day 2 hours go", (26 * spans.HOUR, "go"))
        self.check("1.5h go", (90 * spans.MINUTE, "go"))
        self.check("30 Seconds later, go", (30 * spans.SECOND, "go"))

    def test_spans_in_chinese(self):
        self.check("10分钟 茶好了", (10 * spans.MINUTE, "茶好了"))
        self.check("10分钟后茶好了", (10 * spans.MINUTE, "茶好了"))
        self.check("半小时 开会", (30 * spans.MINUTE, "开会"))
        self.check("1个小时20分 开会", (80 * spans.MINUTE, "开会"))

    def test_times_of_day(self):
        self.check("15:30 meeting", (210 * spans.MINUTE, "meeting"))
        self.check("9：00 早会", (21 * spans.HOUR, "早会"))
        self.check("12:00 lunch", (spans.DAY, "lunch"))

    def test_what_is_no_time(self):
        self.check("tea", None)
        self.check("10 mice", None)
        self.check("25:00 never", None)
        self.check("", None)

    def test_no_words(self):
        self.check("10m", (10 * spans.MINUTE, ""))


class Show(unittest.TestCase):
    def test_its_two_largest_units(self):
        self.assertEqual(spans.show(90 * spans.MINUTE, False), "1 h 30 min")
        self.assertEqual(spans.show(spans.DAY + spans.HOUR + spans.SECOND, True), "1 天 1 小时")
        self.assertEqual(spans.show(10, False), "0 s")


if __name__ == "__main__":
    unittest.main()
