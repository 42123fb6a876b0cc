// What a calm text is. Knows nothing of the host.

// Addresses and names that somebody is called by keep their capitals: they may not work or mean the same without.
const UNTOUCHED = /^(?:[@#/]|[a-z][a-z0-9+.-]*:\/\/|www\.)|[\w.]+@[\w.]+/iu;

/** `text` without shouting, by these rules: letters, capitals (percent), marks, repeats. */
export function calm(text, rules) {
  const quiet = isShout(text, rules) ? lower(text) : text;
  return quiet
    .split(/(\s+)/u)
    .map((word) => (UNTOUCHED.test(word) ? word : shorten(word, rules)))
    .join("");
}

function isShout(text, { letters, capitals }) {
  const latin = text
    .split(/\s+/u)
    .filter((word) => !UNTOUCHED.test(word))
    .flatMap((word) => word.match(/\p{Script=Latin}/gu) ?? []);
  const high = latin.filter((letter) => letter !== letter.toLowerCase());
  return latin.length >= letters && high.length * 100 >= latin.length * capitals;
}

/** In small letters, but for the first one of each sentence and the word I. */
function lower(text) {
  let begins = true;
  return text
    .split(/(\s+)/u)
    .map((word) => {
      if (UNTOUCHED.test(word) || word.trim() === "") return word;
      const small = word.toLowerCase().replace(/^i(?=$|['’.,!?])/u, "I");
      const shown = begins ? small.replace(/\p{Script=Latin}/u, (letter) => letter.toUpperCase()) : small;
      begins = /[.!?。！？…]["'”’）)]*$/u.test(word);
      return shown;
    })
    .join("");
}

function shorten(word, { marks, repeats }) {
  return word
    .replace(/[!！]+/gu, (run) => firstOf(run, marks))
    .replace(/[?？]+/gu, (run) => firstOf(run, marks))
    .replace(/([~～。，,…])\1+/gu, (run) => firstOf(run, Math.max(marks, 3)))
    .replace(/([^\d])\1+/gu, (run) => firstOf(run, repeats));
}

// By characters, not by the halves of which JavaScript makes an emoji.
function firstOf(run, count) {
  return [...run].slice(0, count).join("");
}
