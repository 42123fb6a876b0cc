// {{name}}: refuses messages with words that the operator doesn't want.
import { allow, plugin, Problem, reject } from "./teahouse.js";

// Kept between calls, so only what `init` can make again.
let words = [];

export const { setup, filter } = plugin({
  init(settings) {
    if (settings.words.some((word) => word.trim() === "")) throw new Problem("words", "a word is empty");
    words = settings.words.map((word) => word.toLowerCase());
  },

  check(message) {
    const text = message.text.toLowerCase();
    return words.some((word) => text.includes(word))
      ? reject("word", "请换个说法。Please say it in other words.")
      : allow;
  },
});
