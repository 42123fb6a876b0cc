// {{name}}: rolls dice. `/roll 2d6` rolls two of six sides, and a button rolls them again.
import { plugin } from "./teahouse.js";
import { button, card, messages, reply } from "./teahouse-bot.js";

let most = 10;

/** Reads "2d6": none where it is no such thing. */
function read(words) {
  const [, count, sides] = /^(\d{1,3})?d(\d{1,4})$/i.exec(words.trim() || "1d6") ?? [];
  const dice = { count: Number(count ?? 1), sides: Number(sides) };
  return dice.count >= 1 && dice.count <= most && dice.sides >= 2 ? dice : undefined;
}

function roll({ count, sides }) {
  return Array.from({ length: count }, () => 1 + Math.floor(Math.random() * sides));
}

function rolled(room, name, words) {
  const eyes = roll(read(words));
  const sum = eyes.reduce((a, b) => a + b, 0);
  return card(room, `🎲 ${name}: ${sum}`, `${words} → ${eyes.join(" + ")}`, {
    buttons: [[button("again", "再来 Again", { value: words, style: "primary" })]],
  });
}

export const { setup, bot } = plugin({
  init(settings) {
    most = settings.most;
  },

  command(id, command) {
    const { message } = command;
    const words = command.args.trim() || "1d6";
    const answer = read(words)
      ? rolled(message.room, message.sender.name, words)
      : reply(message, `例如 For example: /roll 2d6 (≤ ${most})`, { onlyFor: message.sender.id });
    messages.send(answer, id);
  },

  pressed(id, press) {
    messages.send(rolled(press.room, press.user.name, press.value), id);
  },
});
