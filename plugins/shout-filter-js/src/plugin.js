// Calms messages in capitals, and rows of exclamation marks. The rules themselves stand in calm.js.
import { calm } from "./calm.js";
import { allow, plugin, replace } from "./teahouse.js";

const NOTE = "语气已调整。Your message was calmed down.";

let rules;

export const { setup, filter } = plugin({
  init(settings) {
    rules = settings;
  },

  check(message) {
    const calmed = calm(message.text, rules);
    return calmed === message.text ? allow : replace(calmed, NOTE);
  },
});
