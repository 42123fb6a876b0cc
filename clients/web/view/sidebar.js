/** The left side: who I am, my rooms, and the ways to more rooms. */

import { shortTimeText, t } from '../text/words.js';
import { avatar } from './avatar.js';
import { h, reconcile } from './dom.js';
import { foreign, personMark, sentence } from './foreign.js';
import { icon } from './icons.js';
import { InvitationList } from './invitation-list.js';
import { languageButton } from './language-button.js';
import { lastLine, roomName } from './room-names.js';

/** `acts`: `open(id)`, `enter(id)` (a room that I got into just now), `create()`, `browse()`, `signOut()`, `languageSwitched()`. */
export class Sidebar {
  #chat;
  #acts;
  #list = h('ul', { class: 'rooms', 'data-testid': 'rooms' });
  #empty = h('p', { class: 'rooms-empty', hidden: true });
  #filter = h('input', { type: 'search', placeholder: t('filterRooms'), 'aria-label': t('filterRooms'), 'data-testid': 'room-filter' });
  #phase = h('span', { class: 'phase-dot', 'data-testid': 'phase' });
  #open = null;
  #invitations;

  constructor(chat, acts) {
    this.#chat = chat;
    this.#acts = acts;
    this.#filter.addEventListener('input', () => this.draw(this.#open));
    this.#invitations = new InvitationList(chat.invitations, (id) => acts.enter(id));
    this.element = h('aside', { class: 'sidebar', 'aria-label': t('rooms') }, this.#head(), this.#tools(), this.#invitations.element, this.#list, this.#empty, this.#foot());
  }

  draw(open) {
    this.#open = open;
    this.#invitations.draw();
    const wanted = this.#filter.value.trim().toLowerCase();
    const all = this.#chat.rooms.list().map((room) => this.#model(room));
    const shown = all.filter((model) => model.name.toLowerCase().includes(wanted));
    reconcile(this.#list, shown, (model) => this.#item(model));
    this.#empty.hidden = shown.length > 0;
    this.#empty.textContent = this.#emptyText(wanted);
  }

  #emptyText(wanted) {
    if (!this.#chat.isListed) return t('loading');
    return wanted ? t('noMatch') : t('noRooms');
  }

  showPhase(phase) {
    this.#phase.dataset.phase = phase;
    this.#phase.title = phase === 'online' ? t('online') : '';
  }

  #head() {
    const tool = (name, label, testid, act) =>
      h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label, 'data-testid': testid, onclick: act }, icon(name));
    return h(
      'header',
      { class: 'sidebar-head' },
      h('span', { class: 'seal seal-small', 'aria-hidden': 'true' }, '茶'),
      h('h1', {}, t('title')),
      tool('compass', t('browse'), 'browse-rooms', () => this.#acts.browse()),
      tool('plus', t('newRoom'), 'new-room', () => this.#acts.create()),
    );
  }

  #tools() {
    return h('label', { class: 'room-filter' }, icon('search'), this.#filter);
  }

  #foot() {
    const { me } = this.#chat;
    return h(
      'footer',
      { class: 'sidebar-foot' },
      h('span', { class: 'me-face' }, avatar(me), this.#phase),
      h('span', { class: 'me-name' }, h('strong', { 'data-testid': 'me' }, foreign(me.name)), me.is_guest && h('small', {}, t('guest'))),
      languageButton(() => this.#acts.languageSwitched()),
      h('button', { class: 'icon-button', type: 'button', 'aria-label': t('signOut'), title: t('signOut'), 'data-testid': 'sign-out', onclick: () => this.#acts.signOut() }, icon('leave')),
    );
  }

  #model(room) {
    const name = roomName(room);
    const typing = this.#chat.whoIsTyping(room.id)[0];
    return {
      key: room.id,
      name,
      kind: room.kind,
      visibility: room.visibility,
      unread: room.unread,
      desk: this.#chat.desk.count(room.id),
      line: typing ? { key: 'typingOne', name: typing.name || t('somebody') } : lastLine(room, this.#chat.me.id),
      peer: { is_bot: room.peer?.is_bot, is_guest: room.peer?.is_guest },
      isTyping: Boolean(typing),
      time: room.last ? shortTimeText(room.last.at) : '',
      isOpen: room.id === this.#open,
    };
  }

  #item(model) {
    const unread = model.unread > 99 ? '99+' : String(model.unread);
    const button = h(
      'button',
      { class: 'room', type: 'button', 'aria-current': model.isOpen ? 'true' : null, 'data-testid': 'room', 'data-name': model.name, onclick: () => this.#acts.open(model.key) },
      avatar({ name: model.name }, model.kind === 'direct' ? '' : 'avatar-room'),
      h(
        'span',
        { class: 'room-words' },
        h('span', { class: 'room-top' }, h('strong', {}, foreign(model.name)), personMark(model.peer), model.visibility === 'private' && model.kind !== 'direct' && icon('lock'), h('time', {}, model.time)),
        h(
          'span',
          { class: 'room-bottom' },
          h('span', { class: model.isTyping ? 'room-line is-typing' : 'room-line' }, lineOf(model)),
          model.desk > 0 && h('span', { class: 'desk-sign', role: 'img', 'aria-label': t('deskCount', { n: model.desk }), title: t('deskCount', { n: model.desk }), 'data-testid': 'desk-sign' }, icon('shield')),
          model.unread > 0 && h('span', { class: 'badge', 'data-testid': 'unread', 'aria-label': t('jumpNew', { n: model.unread }) }, unread),
        ),
      ),
    );
    return h('li', {}, button);
  }
}

function lineOf({ line: { key, ...values }, isTyping }) {
  return [key ? sentence(key, values) : foreign(values.text), isTyping && '…'].flat();
}
