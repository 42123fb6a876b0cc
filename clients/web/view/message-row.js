/** One row of a conversation as elements: a day, a line about the room, or a message with all that hangs on it. */

import { commandText, dayText, errorText, isolated, refusalText, t, timeText } from '../text/words.js';
import { avatar } from './avatar.js';
import { cardBody } from './card-body.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { foreign, joined, personMark, sentence } from './foreign.js';
import { lineWords } from './line-text.js';
import { linkedText } from './linked-text.js';
import { mediaBody } from './media-body.js';

const QUICK_EMOJI = ['👍', '❤️', '😂', '😮', '🍵', '👏'];

/** `acts`: `react`, `reply`, `edit`, `recall`, `copy`, `retry`, `again`, `discard`, `withdraw`, `press`, `dismiss`, `showPerson`, `goTo`. */
export function rowElement(row, acts) {
  switch (row.type) {
    case 'day':
      return h('li', { class: 'day' }, h('span', {}, dayText(row.at)));
    case 'unread':
      return h('li', { class: 'unread-line', 'data-testid': 'unread-line' }, h('span', {}, t('newMessages')));
    case 'line':
      return h('li', { class: 'line', 'data-testid': 'line' }, h('span', {}, lineWords(row.line)));
    default:
      return row.recalled ? recalledElement(row) : messageElement(row, acts);
  }
}

function recalledElement(row) {
  const words = { me: 'recalledMine', sender: 'recalled', moderator: row.isMine ? 'removedMine' : 'removed', somebody: 'recalledShort' };
  const said = sentence(words[row.recall], { name: row.sender.name });
  return h('li', { class: 'line', 'data-testid': 'recalled', 'data-id': row.id }, h('span', {}, said));
}

function messageElement(row, acts) {
  const classes = ['message'];
  if (row.isMine) classes.push('is-mine');
  if (row.isFirstOfGroup) classes.push('is-first');
  if (row.isLastOfGroup) classes.push('is-last');
  if (row.isWhisper) classes.push('is-whisper');
  if (row.kind === 'card') classes.push('has-card');
  const item = h(
    'li',
    { class: classes.join(' '), 'data-testid': row.isWhisper ? 'whisper' : 'message', 'data-id': row.id, 'data-state': row.state, 'data-mine': String(row.isMine) },
    row.isMine ? null : face(row, acts),
    h(
      'div',
      { class: 'message-column' },
      !row.isMine && row.isFirstOfGroup && nameLine(row, acts),
      h('div', { class: 'bubble-line' }, bubble(row, acts), row.state === 'sent' && !row.isWhisper && actions(row, acts)),
      row.replaced && replacedNote(row.replaced),
      row.editWaits && hint('clock', t('editHeld'), 'edit-waits'),
      row.reactions.length > 0 && reactions(row, acts),
      foot(row, acts),
    ),
  );
  // A finger has no hover: a tap on the bubble shows what can be done with it.
  item.querySelector('.bubble').addEventListener('click', () => showActionsOf(item));
  return item;
}

function nameLine(row, acts) {
  return h(
    'div',
    { class: 'message-name' },
    foreign(row.sender.name),
    personMark(row.sender),
    row.isWhisper && h('span', { class: 'whisper-mark', 'data-testid': 'only-you' }, icon('eye'), t('onlyYou')),
    row.isWhisper && h('button', { class: 'whisper-close', type: 'button', 'aria-label': t('dismiss'), title: t('dismiss'), 'data-testid': 'dismiss', onclick: () => acts.dismiss(row) }, icon('close')),
  );
}

function replacedNote({ by, note }) {
  return hint('edit', joined([sentence('replacedBy', { by }), foreign(note)]), 'replaced');
}

/** A word below a bubble about what became of it. */
function hint(iconName, text, testid) {
  return h('div', { class: 'row-hint', 'data-testid': testid }, icon(iconName), h('span', {}, text));
}

function showActionsOf(item) {
  const isShown = item.classList.contains('is-active');
  for (const other of document.querySelectorAll('.message.is-active')) other.classList.remove('is-active', 'is-choosing');
  item.classList.toggle('is-active', !isShown);
}

function face(row, acts) {
  if (!row.isFirstOfGroup) return h('span', { class: 'face-space' });
  return h('button', { class: 'face', type: 'button', 'aria-label': isolated(row.sender.name), onclick: () => acts.showPerson(row.sender) }, avatar(row.sender));
}

function bubble(row, acts) {
  const body = bodyOf(row, acts);
  return h(
    'div',
    { class: 'bubble' },
    row.quote && quote(row.quote, acts),
    body,
    row.edited && row.kind !== 'card' && h('span', { class: 'edited' }, t('edited')),
  );
}

function bodyOf(row, acts) {
  if (row.kind === 'text') return h('bdi', { class: 'text', 'data-testid': 'text' }, linkedText(row.content ?? ''));
  return row.kind === 'card' ? cardBody(row, acts) : mediaBody(row);
}

function quote({ id, sender, text, recalled }, acts) {
  const words = recalled ? t('recalledShort') : foreign(text) ?? t('replyGone');
  return h('button', { class: 'quote', type: 'button', 'data-testid': 'quote', onclick: () => acts.goTo(id) }, sender && h('strong', {}, foreign(sender.name), personMark(sender)), h('span', {}, words));
}

function actions(row, acts) {
  const act = (name, label, run) => {
    const press = (event) => {
      const message = event.currentTarget.closest('.message');
      if (name === 'smile') message.classList.toggle('is-choosing');
      else message.classList.remove('is-active', 'is-choosing');
      run?.();
    };
    return h('button', { type: 'button', 'aria-label': label, title: label, 'data-testid': `act-${name}`, onclick: press }, icon(name));
  };
  const isMyText = row.isMine && row.kind === 'text';
  const bar = h(
    'div',
    { class: 'actions', role: 'toolbar', 'aria-label': t('messageActions') },
    act('smile', t('react')),
    act('reply', t('reply'), () => acts.reply(row)),
    row.kind === 'text' && act('copy', t('copy'), () => acts.copy(row)),
    isMyText && act('edit', t('edit'), () => acts.edit(row)),
    row.isMine && act('recall', t('recall'), () => acts.recall(row)),
  );
  return h('div', { class: 'actions-place' }, bar, emojiPicker(row, acts));
}

function emojiPicker(row, acts) {
  const isMine = (emoji) => row.reactions.some((reaction) => reaction.emoji === emoji && reaction.isMine);
  const choose = (emoji) => (event) => {
    event.currentTarget.closest('.message').classList.remove('is-choosing', 'is-active');
    acts.react(row, emoji, !isMine(emoji));
  };
  return h(
    'div',
    { class: 'emoji-picker', role: 'group', 'aria-label': t('react') },
    QUICK_EMOJI.map((emoji) => h('button', { type: 'button', 'data-testid': `emoji-${emoji}`, 'aria-pressed': String(isMine(emoji)), onclick: choose(emoji) }, emoji)),
  );
}

function reactions(row, acts) {
  return h(
    'div',
    { class: 'reactions' },
    row.reactions.map(({ emoji, isMine, count }) =>
      h(
        'button',
        { class: 'reaction', type: 'button', 'aria-pressed': String(isMine), 'aria-label': `${emoji} ${count}`, 'data-testid': 'reaction', 'data-emoji': emoji, onclick: () => acts.react(row, emoji, !isMine) },
        foreign(emoji),
        h('span', { class: 'reaction-count' }, String(count)),
      ),
    ),
  );
}

/** The small print below a group: when, and what became of what I sent. */
function foot(row, acts) {
  if (row.state === 'failed') return failure(row, acts);
  if (row.state === 'held') return waits(row, acts);
  if (!row.isLastOfGroup && row.state === 'sent') return null;
  return h('div', { class: 'foot' }, h('time', { datetime: row.at }, timeText(row.at)), row.isMine && (row.state !== 'sent' || row.isMyLast) && stateMark(row));
}

function stateMark({ state, readBy, isDirect }) {
  const mark = (name, text, testid) => h('span', { class: `mark mark-${name}`, 'data-testid': testid }, icon(name), h('span', {}, text));
  if (state === 'sending') return mark('clock', t('sending'), 'mark-sending');
  if (state === 'waiting') return mark('clock', t('waiting'), 'mark-waiting');
  if (readBy > 0) return mark('check', isDirect ? t('read') : t('readBy', { n: readBy }), 'mark-read');
  return mark('check', t('sent'), 'mark-sent');
}

/** A moderator decides; until then its sender may take it back. */
function waits(row, acts) {
  return h(
    'div',
    { class: 'foot foot-held', 'data-testid': 'mark-held' },
    h('span', { class: 'foot-words' }, icon('clock'), h('span', {}, t('held'))),
    h('span', { class: 'foot-acts' }, h('button', { type: 'button', 'data-testid': 'withdraw', onclick: () => acts.withdraw(row.key) }, t('recall'))),
  );
}

const REFUSED = new Set(['rejected', 'held_refused', 'invalid_field', 'not_allowed']);

function failure(row, acts) {
  const again = REFUSED.has(row.code)
    ? row.kind === 'text' && h('button', { type: 'button', 'data-testid': 'again', onclick: () => acts.again(row) }, t('editAgain'))
    : h('button', { type: 'button', 'data-testid': 'retry', onclick: () => acts.retry(row.key) }, t('retry'));
  return h(
    'div',
    { class: 'foot foot-failed', 'data-testid': 'failure', 'data-code': row.code, 'data-rule': row.why?.rule },
    h('span', { class: 'foot-words' }, icon('alert'), h('span', {}, failureText(row))),
    h('span', { class: 'foot-acts' }, again, h('button', { type: 'button', 'data-testid': 'discard', onclick: () => acts.discard(row.key) }, t('discard'))),
  );
}

/** Who refused it, and why, as far as the server said. */
export function failureText({ code, why, content }) {
  const isCommand = typeof content === 'string' && /^\s*[/／]/.test(content);
  if (code === 'rejected') return refusalText(why ?? {});
  if (code === 'held_refused') return [t('heldRefused'), why?.reason && isolated(why.reason)].filter(Boolean).join(' · ');
  if (code === 'invalid_field' && isCommand && why?.detail) return commandText(why.detail);
  if (code === 'not_allowed' && isCommand) return t('commandNotYours');
  return `${t('failed')} · ${errorText(code ?? 'no_answer')}`;
}
