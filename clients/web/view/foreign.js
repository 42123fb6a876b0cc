/**
 * Words that somebody else wrote, among ours: names, messages, what plugins say. Each stands in a `bdi`, so that whichever
 * way it runs, what stands around it stays as it is.
 */

import { pieces, t } from '../text/words.js';
import { h } from './dom.js';

/** One foreign text; nothing where there is none. */
export function foreign(text, props = {}) {
  return text ? h('bdi', props, text) : null;
}

/** The sentence for `key` with its foreign values isolated, to be put into an element. */
export function sentence(key, values = {}) {
  return pieces(key, values).map((piece) => (typeof piece === 'string' ? piece : foreign(piece.foreign)));
}

/** Parts of a line, of which any may be missing. */
export function joined(parts, mark = ' · ') {
  return parts.filter(Boolean).flatMap((part, index) => (index === 0 ? [part] : [mark, part])).flat();
}

/** So that nobody takes a bot for a person, nor a guest, who may call himself anything, for somebody else. */
export function personMark({ is_bot: isBot, is_guest: isGuest }) {
  if (isBot) return h('span', { class: 'bot-badge', 'data-testid': 'bot-badge' }, t('bot'));
  return isGuest ? h('span', { class: 'bot-badge guest-badge', 'data-testid': 'guest-badge' }, t('guest')) : null;
}
