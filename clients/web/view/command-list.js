/** The list above the box while a command is typed: what there is, what it takes, and the words it knows. */

import { isWhole, optionAt, suggest, usageOf, usageParts } from '../core/commands.js';
import { t } from '../text/words.js';
import { fill, h } from './dom.js';
import { foreign, joined } from './foreign.js';
import { icon } from './icons.js';

let count = 0;

/** A combobox without a box of its own: the text area keeps the focus, and says by ARIA which line is meant. */
export class CommandList {
  #box;
  #find;
  #insert;
  #offer = null;
  #active = 0;
  #turn = 0;
  #id = `commands-${(count += 1)}`;
  #list = h('ul', { class: 'command-options', role: 'listbox', id: this.#id, 'aria-label': t('commands') });
  #usage = h('p', { class: 'command-usage', 'data-testid': 'command-usage' });
  #status = h('span', { class: 'visually-hidden', role: 'status' });
  element = h('div', { class: 'command-list', 'data-testid': 'command-list', hidden: true }, this.#list, this.#usage);

  /** `find()` resolves to the room's commands; `insert(text)` puts a text in the box. */
  constructor(box, { find, insert }) {
    this.#box = box;
    this.#find = find;
    this.#insert = insert;
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-controls': this.#id, 'aria-expanded': 'false' })) box.setAttribute(name, value);
    box.addEventListener('blur', () => this.close());
    box.after(this.#status);
  }

  /** The text has changed. */
  async written() {
    const text = this.#box.value;
    if (!text.startsWith('/')) return this.close();
    const turn = (this.#turn += 1);
    const commands = await this.#find();
    // Put away, or written on, before it came.
    if (turn !== this.#turn || this.#box.value !== text || document.activeElement !== this.#box) return undefined;
    this.#offer = suggest(commands, text);
    this.#active = 0;
    this.#draw();
    return undefined;
  }

  /** True where the key was for the list. */
  key(event) {
    const items = this.#offer?.items ?? [];
    if (event.key === 'Escape') this.#turn += 1;
    if (event.key === 'Escape' && this.#offer) return this.#taken(event, () => this.close());
    if (items.length === 0 || event.shiftKey) return false;
    if (event.key === 'ArrowDown') return this.#taken(event, () => this.#move(1));
    if (event.key === 'ArrowUp') return this.#taken(event, () => this.#move(-1));
    const takes = event.key === 'Tab' || (event.key === 'Enter' && !this.#isWhole(items[this.#active]));
    return takes ? this.#taken(event, () => this.#take(items[this.#active])) : false;
  }

  close() {
    this.#turn += 1;
    this.#offer = null;
    this.#draw();
  }

  #taken(event, act) {
    event.preventDefault();
    act();
    return true;
  }

  #isWhole(item) {
    return this.#offer.kind === 'commands' && isWhole(this.#box.value, item);
  }

  #move(by) {
    const { length } = this.#offer.items;
    this.#active = (this.#active + by + length) % length;
    this.#draw();
  }

  #take(item) {
    this.#insert(item.insert);
  }

  #draw() {
    const items = this.#offer?.items ?? [];
    fill(this.#list, items.map((item, index) => this.#option(item, index)));
    this.#list.hidden = items.length === 0;
    const command = this.#offer?.kind === 'usage' || this.#offer?.kind === 'choices' ? this.#offer.command : null;
    fill(this.#usage, command && usage(command, optionAt(command, this.#box.value)));
    this.#usage.hidden = !command;
    this.element.hidden = !this.#offer;
    this.#box.setAttribute('aria-expanded', String(items.length > 0));
    if (items.length > 0) this.#box.setAttribute('aria-activedescendant', `${this.#id}-${this.#active}`);
    else this.#box.removeAttribute('aria-activedescendant');
    this.#list.children[this.#active]?.scrollIntoView({ block: 'nearest' });
    this.#status.textContent = this.#offer?.kind === 'commands' ? t('commandHint', { n: items.length }) : '';
  }

  #option(item, index) {
    const isActive = index === this.#active;
    // A press must not take the focus from the box, or the list would close before it is taken.
    const keep = (event) => event.preventDefault();
    const props = { class: 'command-option', role: 'option', id: `${this.#id}-${index}`, 'aria-selected': String(isActive), 'data-testid': 'command-option', onpointerdown: keep, onmousedown: keep, onclick: () => this.#take(item) };
    if (item.choice !== undefined) return h('li', { ...props, 'data-name': item.choice }, h('code', { dir: 'auto' }, item.choice));
    const { command } = item;
    return h(
      'li',
      { ...props, 'data-name': command.name },
      h('span', { class: 'command-head' }, h('code', { dir: 'auto' }, usageOf(command)), command.by && h('small', {}, icon('bot'), foreign(command.by))),
      h('span', { class: 'command-about' }, foreign(command.description)),
    );
  }
}

/** The whole command with the part that is written now standing out, and what that part is. */
function usage(command, at) {
  const parts = usageParts(command).map((part, index) => (index - 1 === at ? h('mark', { 'data-testid': 'command-option-now' }, part) : part));
  const option = command.options[at];
  const kind = option && [t(`option_${option.type}`), option.required ? null : t('optionOptional')].filter(Boolean).join(t('comma'));
  const about = option?.description || command.description;
  return [h('code', {}, parts.flatMap((part, index) => (index === 0 ? [part] : [' ', part]))), h('span', {}, joined([kind, foreign(about)]))];
}
