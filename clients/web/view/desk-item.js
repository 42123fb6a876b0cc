/** One thing that waits for a room's moderators, as an element: who, what, why, and what can be done. */

import { plainText } from '../core/rows.js';
import { errorText, shortTimeText, t } from '../text/words.js';
import { avatar } from './avatar.js';
import { h } from './dom.js';
import { foreign, personMark, sentence } from './foreign.js';
import { icon } from './icons.js';

/** As long as the server takes a reason. */
const REASON_CHARS = 200;

/**
 * `model`: `{list, item, isAsking, isMine}`. `acts`: `ask(model, isAsking)`, `reason(key)`, `write(key, text)`,
 * `release`, `refuse`, `close`, `remove` (a model each), `answer(model, isWelcome)`, `goTo(message id)`.
 */
export function deskItem(model, acts) {
  const { list, item } = model;
  const parts = { held: heldParts, reviews: reviewParts, requests: requestParts }[list](model, acts);
  return h(
    'li',
    { class: 'desk-item', 'data-testid': `desk-${list}`, 'data-id': item.key, 'data-name': parts.who.name, 'aria-busy': item.act?.state === 'waiting' ? 'true' : null },
    h(
      'div',
      { class: 'desk-who' },
      avatar(parts.who),
      h('strong', {}, foreign(parts.who.name), personMark(parts.who)),
      parts.mark && h('span', { class: 'desk-mark' }, parts.mark),
      h('time', { datetime: parts.at }, shortTimeText(parts.at)),
    ),
    parts.words && h('p', { class: 'desk-words', dir: 'auto', 'data-testid': 'desk-words', tabindex: '0' }, parts.words),
    why(item),
    item.act?.state === 'failed' && h('p', { class: 'desk-error', role: 'alert' }, icon('alert'), h('span', {}, errorText(item.act.code))),
    parts.acts,
  );
}

function heldParts(model, acts) {
  const { item, isAsking, isMine } = model;
  return {
    who: item.sender,
    at: item.at,
    mark: markOf(item),
    words: wordsOf(item),
    acts: isMine ? h('p', { class: 'hint', 'data-testid': 'desk-own' }, t('deskOwn')) : isAsking ? refusal(model, acts) : heldActs(model, acts),
  };
}

/** What a moderator has to know before they decide: it is not always a new message that its sender knows to wait. */
function markOf({ state, edit_of: editOf }) {
  if (state === 'shadowed') return t('deskShadowed');
  return editOf ? t('deskEdit') : null;
}

function heldActs(model, acts) {
  return h(
    'div',
    { class: 'desk-acts' },
    button(model, 'release', t('release'), 'button', () => acts.release(model)),
    button(model, 'refuse', t('refuse'), 'button button-plain', () => acts.ask(model, true)),
  );
}

function reviewParts(model, acts) {
  const { item, isAsking } = model;
  return {
    who: item.user ?? item.message?.sender ?? { id: '', name: t('somebody') },
    at: item.at,
    mark: item.subject === 'message' ? null : t(`desk_${item.subject}`),
    words: item.message ? goneOr(item.message) : null,
    acts: isAsking ? removal(model, acts) : reviewActs(model, acts),
  };
}

function goneOr(message) {
  return message.recalled_at ? t('recalledShort') : wordsOf(message);
}

function reviewActs(model, acts) {
  const { message } = model.item;
  const isThere = message && !message.recalled_at;
  return h(
    'div',
    { class: 'desk-acts' },
    button(model, 'close', t('deskFine'), 'button', () => acts.close(model)),
    isThere && button(model, 'remove', t('deskRemove'), 'button button-plain', () => acts.ask(model, true)),
    isThere && button(model, 'show', t('deskShow'), 'quiet-button', () => acts.goTo(message.id)),
  );
}

function requestParts(model, acts) {
  const { item } = model;
  return {
    who: item.user,
    at: item.asked_at,
    mark: null,
    words: item.word || null,
    acts: h(
      'div',
      { class: 'desk-acts' },
      button(model, 'accept', t('accept'), 'button', () => acts.answer(model, true)),
      button(model, 'decline', t('refuse'), 'button button-plain', () => acts.answer(model, false)),
    ),
  };
}

/** Refusing asks for a word to the sender; the sender of what was shadowed is told nothing. */
function refusal(model, acts) {
  const { key, state, sender } = model.item;
  const isTold = state !== 'shadowed';
  const id = `desk-reason-${key}`;
  const field = h('input', { id, maxlength: REASON_CHARS, value: acts.reason(key), placeholder: t('deskReasonHint'), autocomplete: 'off', 'data-testid': 'desk-reason', 'data-first': true, oninput: (event) => acts.write(key, event.target.value) });
  const refuse = (event) => {
    event.preventDefault();
    acts.refuse(model);
  };
  return h(
    'form',
    { class: 'desk-ask', onsubmit: refuse },
    isTold && h('label', { for: id }, sentence('deskReason', { name: sender.name })),
    isTold ? field : h('p', { class: 'hint' }, t('deskUntold')),
    h('div', { class: 'desk-acts' }, button(model, 'confirm', t('deskRefuseNow'), 'button button-danger', null), button(model, 'cancel', t('cancel'), 'button button-plain', () => acts.ask(model, false))),
  );
}

function removal(model, acts) {
  return h(
    'div',
    { class: 'desk-ask' },
    h('p', { class: 'hint' }, t('deskRemoveAsk')),
    h(
      'div',
      { class: 'desk-acts' },
      button(model, 'confirm', t('deskRemove'), 'button button-danger', () => acts.remove(model)),
      button(model, 'cancel', t('cancel'), 'button button-plain', () => acts.ask(model, false)),
    ),
  );
}

/** A button without an act of its own submits its form. */
function button({ item }, name, label, look, act) {
  const isWaiting = item.act?.state === 'waiting';
  // Not `disabled`: what loses the focus while it waits would throw a keyboard out of the list.
  return h('button', { class: look, type: act ? 'button' : 'submit', 'aria-disabled': isWaiting ? 'true' : null, 'data-testid': `desk-${name}`, 'data-focus': `${item.key}-${name}`, onclick: act }, label);
}

/** Which plugin, by which of its rules, and what it has to say about it. All of it is theirs, and shown as text. */
function why({ by, code, note, severity = 0 }) {
  if (!by) return null;
  return h(
    'p',
    { class: 'desk-why', 'data-testid': 'desk-why' },
    icon('shield'),
    h('span', {}, foreign(by, { class: 'desk-by' }), code && h('code', { dir: 'auto', class: severity > 1 ? 'desk-rule is-grave' : 'desk-rule', 'data-testid': 'desk-rule' }, code), note && foreign(note, { 'data-testid': 'desk-note' })),
  );
}

function wordsOf(item) {
  if (item.content === undefined) return t('deskUnknown');
  return item.kind === 'text' ? item.content : `${t(`kind_${item.kind}`)} ${plainText(item)}`;
}
