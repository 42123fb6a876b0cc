/** The person's language: which it is, and texts, times and numbers in it. */

import { en } from './en.js';
import { errors } from './errors.js';
import { zh } from './zh.js';

const CHOICE = 'teahouse.language';
const TEXTS = { zh, en };

let language = chosen();

function chosen() {
  const kept = globalThis.localStorage?.getItem(CHOICE);
  if (kept in TEXTS) return kept;
  return globalThis.navigator?.language?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export function currentLanguage() {
  return language;
}

/** Changes to the other language, and remembers it for every tab. */
export function switchLanguage() {
  language = language === 'zh' ? 'en' : 'zh';
  localStorage.setItem(CHOICE, language);
}

/** The text for `key`, its `{names}` filled in; a number `n` chooses between one and many. */
export function t(key, values = {}) {
  return pieces(key, values).map((piece) => (typeof piece === 'string' ? piece : isolated(piece.foreign))).join('');
}

/** The same in pieces: ours as strings, and each text that was filled in as `{foreign}`. */
export function pieces(key, values = {}) {
  const found = TEXTS[language][key] ?? key;
  const text = Array.isArray(found) ? found[values.n === 1 ? 0 : 1] : found;
  const piece = (part, index) => {
    if (index % 2 === 0) return part;
    const value = values[part] ?? `{${part}}`;
    return typeof value === 'string' ? { foreign: value } : String(value);
  };
  return text.split(/\{(\w+)\}/).map(piece).filter((part) => part !== '');
}

/** What can turn the words around it: the blocks that Unicode keeps for right-to-left scripts, and marks of direction. */
const TURNING = /[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
/** What opens or closes a direction: left in, it could end the isolation. */
const DIRECTIVES = /[\u202a-\u202e\u2066-\u2069]/g;

/** A foreign text for where no element can be, such as a tooltip or a window's title: isolated by characters (UAX #9). */
export function isolated(text) {
  return TURNING.test(text) ? `\u2068${text.replace(DIRECTIVES, '')}\u2069` : text;
}

/** Who refused something and why: `{by?, reason?}`. */
export function refusalText({ by, reason }) {
  return [by ? t('rejectedBy', { by }) : t('rejected'), reason && isolated(reason)].filter(Boolean).join(' · ');
}

/**
 * What is wrong with a command. The server says it in both languages, one after the other, each with the usage:
 * `content: 缺少 mode。用法：/guard <mode> mode is missing. Usage: /guard <mode>`.
 */
export function commandText(said) {
  const words = said.replace(/^\w+: /, '');
  const both = /^([\s\S]*)。用法：([\s\S]+) ([\s\S]*)\. Usage: \2$/.exec(words);
  if (!both) return words;
  const [, chinese, usage, english] = both;
  return t('commandWrong', { what: language === 'zh' ? chinese : english, usage });
}

const NOTICES = { held_released: 'noticeReleased', held_refused: 'noticeRefused', join_accepted: 'noticeLetIn', join_refused: 'noticeKeptOut', join_request: 'noticeAsks' };

/** A notice in the person's language; one that this page doesn't know is shown in the server's own words. */
export function noticeText({ kind, room, text }, { rooms }) {
  // Who was kept out has no such room, and doesn't know its name here.
  const name = rooms.find(room)?.name;
  return NOTICES[kind] ? t(NOTICES[kind], { room: name ? t('quoted', { name }) : t('someRoom') }) : isolated(text);
}

/** What went wrong, by the server's code; `detail` is what the server says to a code that this page doesn't know. */
export function errorText(code, detail = '') {
  const texts = errors[code];
  if (texts) return texts[language === 'zh' ? 0 : 1];
  return detail || `${t('somethingWrong')} (${code})`;
}

export function timeText(at) {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hour12: false }).format(new Date(at));
}

export function dayText(at, now = new Date()) {
  const day = new Date(at);
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return t('today');
  if (day.toDateString() === yesterday.toDateString()) return t('yesterday');
  const year = day.getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return new Intl.DateTimeFormat(language, { year, month: 'long', day: 'numeric', weekday: 'long' }).format(day);
}

/** A time for a narrow place: the hour today, the day otherwise. */
export function shortTimeText(at, now = new Date()) {
  const day = new Date(at);
  if (day.toDateString() === now.toDateString()) return timeText(at);
  return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' }).format(day);
}
