/** Where a message is written, answered, or edited. Enter sends; Shift+Enter begins a new line. */

import { t } from '../text/words.js';
import { CommandList } from './command-list.js';
import { fill, h } from './dom.js';
import { foreign, sentence } from './foreign.js';
import { icon } from './icons.js';

const HIGHEST_PX = 180;

/** `acts`: `send(text, replyTo)`, `edit(id, text)`, `discard(key)`, `typing()`, `draft(text)`, `commands()`. */
export class Composer {
  #acts;
  #limit;
  #context = null;
  #about = h('div', { class: 'composer-about', 'data-testid': 'composer-about', hidden: true });
  #over = h('span', { class: 'composer-over', role: 'status' });
  #text = h('textarea', { rows: 1, dir: 'auto', placeholder: t('write'), 'aria-label': t('writeLabel'), enterkeyhint: 'send', 'data-testid': 'composer' });
  #commands;
  #send = h('button', { class: 'send', 'aria-label': t('send'), title: t('send'), 'data-testid': 'send', disabled: true }, icon('send'));

  constructor(acts, { limit, draft }) {
    this.#acts = acts;
    this.#limit = limit;
    this.#text.value = draft;
    this.#commands = new CommandList(this.#text, { find: () => acts.commands(), insert: (text) => this.#insert(text) });
    this.element = h('form', { class: 'composer', onsubmit: (event) => this.#submit(event) }, this.#commands.element, this.#about, h('div', { class: 'composer-row' }, this.#text, this.#send), this.#over);
    this.#text.addEventListener('input', () => this.#written());
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    requestAnimationFrame(() => this.#fit());
  }

  focus() {
    this.#text.focus();
  }

  /** The next message answers `row`. */
  reply(row) {
    this.#begin(row, sentence('replyTo', { name: row.sender.name }), 'reply');
  }

  /** The text in the box replaces that of `row`. */
  edit(row) {
    this.#begin(row, t('editing'), 'edit');
    this.#text.value = row.content;
    this.#fit();
  }

  /** A message that was refused, to be written otherwise; it stays where it is until then. */
  again(row) {
    this.#begin(row, t('editAgain'), 'again');
    this.#text.value = row.content;
    this.#fit();
  }

  /** The whole text at once, as when a command is completed. */
  #insert(text) {
    this.#text.value = text;
    this.#text.setSelectionRange(text.length, text.length);
    this.#written();
    this.focus();
  }

  #begin(row, label, kind) {
    this.#context = { kind, id: row.id, key: row.key, replyTo: row.replyTo, draft: this.#text.value };
    const words = typeof row.content === 'string' ? row.content : row.text ?? '';
    const cancel = h('button', { class: 'icon-button', type: 'button', 'aria-label': t('cancel'), 'data-testid': 'composer-cancel', onclick: () => this.#cancel() }, icon('close'));
    fill(this.#about, h('span', { class: 'composer-words' }, h('strong', {}, label), h('span', {}, foreign(words))), cancel);
    this.#about.hidden = false;
    this.focus();
  }

  #cancel() {
    if (this.#context.kind !== 'reply') this.#text.value = this.#context.draft;
    this.#context = null;
    this.#about.hidden = true;
    this.#fit();
    this.focus();
  }

  #written() {
    this.#fit();
    this.#commands.written();
    if (this.#keepsDraft()) this.#acts.draft(this.#text.value);
    if (this.#text.value.trim()) this.#acts.typing();
  }

  /** What stands in the box is a new message, and not one that is here already. */
  #keepsDraft() {
    return this.#context === null || this.#context.kind === 'reply';
  }

  #key(event) {
    // An input method's Enter chooses a word; it doesn't send.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.#commands.key(event)) return;
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
    } else if (context?.kind === 'again') {
      this.#acts.discard(context.key);
      this.#acts.send(text, context.replyTo);
      this.#text.value = context.draft;
    } else {
      this.#acts.send(text, context?.id);
      this.#text.value = '';
      this.#acts.draft('');
    }
    this.#commands.close();
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
