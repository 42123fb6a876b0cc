/** What waits for the moderators of a room, in a dialog: decided here, and renewed while it is looked at. */

import { errorText, t } from '../text/words.js';
import { deskItem } from './desk-item.js';
import { openDialog } from './dialog.js';
import { fill, h, reconcile } from './dom.js';
import { icon } from './icons.js';

const LISTS = [['held', 'deskHeld'], ['reviews', 'deskReviews'], ['requests', 'joinRequests']];

/** `acts`: `goTo(message id)` shows a message in its room. */
export class DeskPanel {
  #chat;
  #room;
  #acts;
  #dialog;
  /** Of which items something harmful is about to be done. */
  #asking = new Set();
  #reasons = new Map();
  #sections;
  #state = h('div', { class: 'desk-state', 'data-testid': 'desk-state' });
  #hint = h('p', { class: 'hint desk-hint' }, t('deskHint'));
  #more = h('p', { class: 'hint desk-more', hidden: true }, t('deskMore'));
  /** A dialog hides the rest of the page from those who listen to it; so it speaks for itself. */
  #said = h('p', { class: 'desk-said', role: 'status', 'data-testid': 'desk-said' });

  constructor(chat, room, acts) {
    this.#chat = chat;
    this.#room = room;
    this.#acts = acts;
    this.#sections = LISTS.map(([list, title]) => section(list, t(title)));
    const body = h('div', { class: 'desk-body' }, this.#state, this.#sections.map(({ element }) => element), this.#more);
    this.#dialog = openDialog(t('desk'), 'desk-dialog', this.#hint, body, this.#said);
    this.#dialog.classList.add('is-wide');
    const stop = chat.desk.on('changed', (id) => id === room.id && this.#draw());
    this.#dialog.addEventListener('close', stop);
    this.#draw();
    chat.desk.read(room.id);
  }

  #draw() {
    const desk = this.#chat.desk.of(this.#room.id);
    const focused = this.#dialog.contains(document.activeElement) ? document.activeElement.closest('.desk-item') : null;
    const place = focused && [...this.#dialog.querySelectorAll('.desk-item')].indexOf(focused);
    let count = 0;
    for (const { list, element, items, number } of this.#sections) {
      const models = desk[list].map((item) => this.#model(list, item));
      reconcile(items, models, (model) => deskItem(model, this.#itemActs()));
      element.hidden = models.length === 0;
      number.textContent = String(models.length);
      count += models.length;
    }
    this.#hint.hidden = count === 0;
    this.#more.hidden = !desk.hasMore;
    fill(this.#state, count === 0 && this.#stateOf(desk));
    if (focused && !focused.isConnected && !this.#dialog.querySelector(`[data-id="${CSS.escape(focused.dataset.id)}"]`)) this.#focusNear(place);
  }

  #stateOf({ state, code }) {
    if (state === 'failed') {
      const again = h('button', { class: 'button button-plain', type: 'button', 'data-testid': 'desk-retry', onclick: () => this.#chat.desk.read(this.#room.id) }, t('deskRetry'));
      return h('div', { class: 'desk-nothing', role: 'alert', 'data-state': 'failed' }, icon('alert'), h('p', {}, errorText(code)), again);
    }
    if (state !== 'read') return h('p', { class: 'hint', 'data-state': 'reading' }, t('loading'));
    return h('div', { class: 'desk-nothing', 'data-state': 'empty' }, icon('check'), h('p', {}, t('deskEmpty')), h('small', {}, t('deskEmptyHint')));
  }

  /** What was decided is gone, and with it the button that had the focus: the next one has it. */
  #focusNear(place) {
    const items = [...this.#dialog.querySelectorAll('.desk-item')];
    const next = items[Math.min(place, items.length - 1)];
    (next?.querySelector('button') ?? this.#dialog.querySelector('[data-testid=dialog-close]')).focus();
  }

  #model(list, item) {
    const isMine = item.sender?.id === this.#chat.me.id;
    return { key: item.key, list, item, isMine, isAsking: this.#asking.has(item.key) };
  }

  #itemActs() {
    const { desk } = this.#chat;
    const { id } = this.#room;
    return {
      ask: ({ key }, isAsking) => this.#ask(key, isAsking),
      reason: (key) => this.#reasons.get(key) ?? '',
      write: (key, text) => this.#reasons.set(key, text),
      release: (model) => this.#did(desk.release(id, model.key), 'deskReleased', model.item.sender),
      refuse: (model) => this.#did(desk.refuse(id, model.key, (this.#reasons.get(model.key) ?? '').trim()), 'deskRefused', model.item.sender),
      close: (model) => this.#did(desk.close(id, model.key), 'deskClosed'),
      remove: (model) => this.#did(desk.remove(id, model.key), 'deskRemoved'),
      answer: (model, isWelcome) => this.#did(desk.answer(id, model.key, isWelcome), isWelcome ? 'deskLetIn' : 'deskKeptOut', model.item.user),
      goTo: (message) => {
        this.#dialog.close();
        this.#acts.goTo(message);
      },
    };
  }

  #ask(key, isAsking) {
    if (isAsking) this.#asking.add(key);
    else this.#asking.delete(key);
    this.#draw();
    const item = this.#dialog.querySelector(`[data-id="${CSS.escape(key)}"]`);
    // After the focus was given back to where it was.
    queueMicrotask(() => (item?.querySelector(isAsking ? '[data-first], [data-testid=desk-cancel]' : '[data-testid=desk-refuse], [data-testid=desk-remove]'))?.focus());
  }

  async #did(deed, said, person) {
    const outcome = await deed;
    if (outcome === 'done') this.#said.textContent = t(said, { name: person?.name ?? '' });
    if (outcome === 'settled') this.#said.textContent = t('deskSettled');
  }
}

function section(list, title) {
  const number = h('span', { class: 'desk-number' });
  const items = h('ul', { class: 'desk-items', 'aria-label': title });
  return { list, items, number, element: h('section', { hidden: true, 'data-testid': `desk-section-${list}` }, h('h3', {}, title, number), items) };
}
