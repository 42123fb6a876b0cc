"""{{name}}: refuses messages with words that the operator doesn't want."""

from teahouse import Plugin, Problem, allow, export, reject


class WordGuard(Plugin):
    def init(self, settings):
        if any(word.strip() == "" for word in settings["words"]):
            raise Problem("words", "a word is empty")
        self.words = [word.lower() for word in settings["words"]]

    def check(self, message):
        text = message.text.lower()
        if any(word in text for word in self.words):
            return reject("word", "请换个说法。Please say it in other words.")
        return allow


export(WordGuard(), globals())
