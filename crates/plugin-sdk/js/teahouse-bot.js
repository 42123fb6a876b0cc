// What only a bot may use: messages, history, moderation, timers and the network, each with its capability.
// Part of the SDK, beside teahouse.js.
import * as rawHistory from "teahouse:plugin/history@1.0.0";
import * as rawHttp from "teahouse:plugin/http@1.0.0";
import * as rawMessages from "teahouse:plugin/messages@1.0.0";
import * as rawModeration from "teahouse:plugin/moderation@1.0.0";
import * as rawTimers from "teahouse:plugin/timers@1.0.0";
import { call } from "./teahouse.js";

/** A text: text(room, "hello", { replyTo, onlyFor, mentions, buttons }). */
export const text = (room, words, options = {}) => ({
  room,
  kind: "text",
  text: words,
  content: options.content ?? null,
  replyTo: options.replyTo ?? null,
  mentions: options.mentions ?? [],
  buttons: options.buttons ?? [],
  onlyFor: options.onlyFor ?? null,
  extra: [],
});

/** A card: a title, a text below it, rows of buttons: card(room, "Tea?", "", { buttons: [[button("yes", "Yes")]] }). */
export const card = (room, title, words, options = {}) => ({
  ...text(room, words, options),
  kind: "card",
  content: JSON.stringify({ title, text: words }),
});

/** A text in answer to a message, in its room. */
export const reply = (message, words, options = {}) => text(message.room, words, { replyTo: message.id, ...options });

/** A button. `value` comes back with the press; style: "default", "primary", "danger". */
export const button = (id, label, { value = "", style = "" } = {}) => ({ id, label, style, value });

/** The plugin's own messages. Give the event's id as `key`: events come at least once, and an answer is sent once. */
export const messages = {
  send: (draft, key = null) => call(rawMessages.send, draft, key),
  edit: (id, draft) => call(rawMessages.edit, id, draft),
  recall: (id) => call(rawMessages.recall, id),
  react: (id, emoji) => call(rawMessages.react, id, emoji),
  typing: (room) => call(rawMessages.typing, room),
};

/** What was said before, newest first. */
export const history = {
  get: (id) => call(rawHistory.get, id),
  before: (room, than = null, limit = 50) => call(rawHistory.before, room, than, limit),
};

/** A moderator's acts. `matter` is made by `review` of teahouse.js; times are in milliseconds, 0 ends a mute. */
export const moderation = {
  flag: (id, matter) => call(rawModeration.flag, id, matter),
  remove: (id, reason) => call(rawModeration.remove, id, reason),
  release: (id) => call(rawModeration.release, id),
  mute: (room, user, duration, reason) => call(rawModeration.mute, room, user, duration, reason),
};

/** Durable timers: they come back as the event `timer`, also after a restart. Times are in milliseconds. */
export const timers = {
  set: (name, delay, payload = "", every = null) => call(rawTimers.set, name, delay, every, payload),
  cancel: (name) => call(rawTimers.cancel, name),
};

/** The hosts that the manifest names: http.send({ method, url, headers: [["a", "b"]], body: [], secret: "api-key" }). */
export const http = {
  send: ({ method = "GET", url, headers = [], body = [], timeout = null, secret = null }) =>
    call(rawHttp.send, { method, url, headers, body, timeout, secret }),
};
