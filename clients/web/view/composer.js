/** Where a message is written, answered, or edited. Enter sends; Shift+Enter begins a new line. */

import { t } from '../text/words.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';

const HIGHEST_PX = 180;

/** `acts`: `send(text, replyTo)`, `edit(id, text)`, `typing()`, `draft(text)`. */
export class Composer {
  #acts;
  #limit;
  #context = null;
  #about = h('div', { class: 'composer-about', 'data-testid': 'composer-about', hidden: true });
  #over = h('span', { class: 'composer-over', role: 'status' });
  #text = h('textarea', { rows: 1, placeholder: t('write'), 'aria-label': t('writeLabel'), enterkeyhint: 'send', 'data-testid': 'composer' });
  #send = h('button', { class: 'send', 'aria-label': t('send'), title: t('send'), 'data-testid': 'send', disabled: true }, icon('send'));

  constructor(acts, { limit, draft }) {
    this.#acts = acts;
    this.#limit = limit;
    this.#text.value = draft;
    this.element = h('form', { class: 'composer', onsubmit: (event) => this.#submit(event) }, this.#about, h('div', { class: 'composer-row' }, this.#text, this.#send), this.#over);
    this.#text.addEventListener('input', () => this.#written());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    requestAnimationFrame(() => this.#fit());
  }

  focus() {
    this.#text.focus();
  }

  /** The next message answers `row`. */
  reply(row) {
    this.#begin(row, t('replyTo', { name: row.sender.name }), 'reply');
  }

  /** The text in the box replaces that of `row`. */
  edit(row) {
    this.#begin(row, t('editing'), 'edit');
    this.#text.value = row.content;
    this.#fit();
  }

  #begin(row, label, kind) {
    this.#context = { kind, id: row.id, draft: this.#text.value };
    const words = typeof row.content === 'string' ? row.content : row.text ?? '';
    const cancel = h('button', { class: 'icon-button', type: 'button', 'aria-label': t('cancel'), 'data-testid': 'composer-cancel', onclick: () => this.#cancel() }, icon('close'));
    fill(this.#about, h('span', { class: 'composer-words' }, h('strong', {}, label), h('span', {}, words)), cancel);
    this.#about.hidden = false;
    this.focus();
  }

  #cancel() {
    if (this.#context?.kind === 'edit') this.#text.value = this.#context.draft;
    this.#context = null;
    this.#about.hidden = true;
    this.#fit();
    this.focus();
  }

  #written() {
    this.#fit();
    if (this.#context?.kind !== 'edit') this.#acts.draft(this.#text.value);
    if (this.#text.value.trim()) this.#acts.typing();
  }

  #key(event) {
    // An input method's Enter chooses a word; it doesn't send.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey) this.#submit(event);
    if (event.key === 'Escape' && this.#context) this.#cancel();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (!text || this.#excess() > 0) return;
    const context = this.#context;
    if (context?.kind === 'edit') {
      if (!this.#acts.edit(context.id, text)) return;
      this.#text.value = context.draft;
    } else {
      this.#acts.send(text, context?.id);
      this.#text.value = '';
      this.#acts.draft('');
    }
    this.#context = null;
    this.#about.hidden = true;
    this.#fit();
    this.focus();
  }

  /** The server counts characters, not UTF-16 units: an emoji is one. */
  #excess() {
    return [...this.#text.value.trim()].length - this.#limit;
  }

  #fit() {
    const excess = this.#excess();
    this.#over.textContent = excess > 0 ? t('tooLong', { n: excess }) : '';
    this.#send.disabled = !this.#text.value.trim() || excess > 0;
    this.#text.style.height = 'auto';
    this.#text.style.height = `${Math.min(this.#text.scrollHeight, HIGHEST_PX)}px`;
  }
}
