/** A bot's card: a heading, a text, and rows of buttons that say what became of a press. */

import { errorText, isolated, t } from '../text/words.js';
import { h } from './dom.js';
import { foreign } from './foreign.js';
import { icon } from './icons.js';
import { linkedText } from './linked-text.js';
import { isSafe } from './media-body.js';

const STYLES = new Set(['primary', 'danger']);
/** Pressing again would say the same again. */
const GONE = new Set(['message_not_found', 'conflict', 'invalid_field']);

/** `acts`: `press(row, button)`. */
export function cardBody(row, acts) {
  const content = typeof row.content === 'object' && row.content ? row.content : {};
  return h(
    'div',
    { class: 'card', 'data-testid': 'card' },
    isSafe(content.image_url) && h('img', { class: 'card-picture', src: content.image_url, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer' }),
    h('strong', { class: 'card-title', 'data-testid': 'card-title' }, foreign(content.title) ?? t('kind_card')),
    content.text && h('div', { class: 'card-text', dir: 'auto', 'data-testid': 'card-text' }, linkedText(content.text)),
    rowsOf(content.buttons ?? []).map((buttons) => h('div', { class: 'card-row', role: 'group', 'aria-label': content.title ? isolated(content.title) : null }, buttons.map((button) => buttonOf(row, button, acts)))),
    h('div', { class: 'card-said', 'data-testid': 'card-said' }, said(row)),
  );
}

/** Buttons with the same `row` stand side by side; one without stands in the first. */
function rowsOf(buttons) {
  const rows = new Map();
  for (const button of buttons) {
    const at = button.row ?? 0;
    rows.set(at, [...(rows.get(at) ?? []), button]);
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}

function buttonOf(row, { id, label, style }, acts) {
  const state = row.press?.button === id ? row.press.state : 'idle';
  const isWaiting = row.press?.state === 'waiting';
  const isGone = row.press?.state === 'failed' && GONE.has(row.press.code);
  const look = STYLES.has(style) ? `card-button is-${style}` : 'card-button';
  const press = (event) => {
    // A tap on the bubble is about the message; this one is about the button.
    event.stopPropagation();
    if (!isWaiting && !isGone) acts.press(row, id);
  };
  return h(
    'button',
    // Not `disabled`: a button that loses the focus while it waits would throw a keyboard back to the page's top.
    { class: look, type: 'button', 'data-testid': 'card-button', 'data-button': id, 'data-focus': `${row.id}-${id}`, 'data-state': state, 'aria-disabled': isWaiting || isGone ? 'true' : null, 'aria-busy': state === 'waiting' ? 'true' : null, onclick: press },
    state === 'waiting' && h('span', { class: 'spinner', 'aria-hidden': 'true' }),
    state === 'done' && icon('check'),
    foreign(label),
  );
}

function said({ press, isWhisper }) {
  if (press?.state !== 'failed') return null;
  const gone = isWhisper ? t('whisperGone') : t('buttonGone');
  return h('span', { class: 'card-error', role: 'alert' }, icon('alert'), h('span', {}, GONE.has(press.code) ? gone : errorText(press.code)));
}
