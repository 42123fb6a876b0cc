/** One open room: its head, its messages, who is typing, and the box to write in. */

import { rowsOf } from '../core/rows.js';
import { loadDraft, saveDraft } from '../core/session-store.js';
import { t } from '../text/words.js';
import { avatar } from './avatar.js';
import { ChangesAloud } from './changes-aloud.js';
import { Composer } from './composer.js';
import { DeskPanel } from './desk-panel.js';
import { fill, h } from './dom.js';
import { foreign, joined, personMark, sentence } from './foreign.js';
import { icon } from './icons.js';
import { MessageList } from './message-list.js';
import { messageText, roomName } from './room-names.js';
import { announce, toast, toastProblem } from './toast.js';

/** `acts`: `back()`, `members(room)`, `invite(room)`, `leave(room)`, `showPerson(person, room)`, `commands(room id)`. */
export class Conversation {
  #chat;
  #room;
  #acts;
  #readBefore = null;
  #announced;
  #heard = new Set();
  #aloud = new ChangesAloud();
  #waited = 0;
  #head = h('header', { class: 'room-head' });
  #typing = h('div', { class: 'typing', 'data-testid': 'typing' });
  #composer;
  #list;
  #write = h('div', { class: 'write' });

  constructor(chat, room, acts) {
    this.#chat = chat;
    this.#room = room;
    this.#acts = acts;
    this.#announced = room.log.cursor ?? 0;
    this.#list = new MessageList(this.#messageActs());
    this.#composer = new Composer(this.#writeActs(), { limit: chat.limits.text_chars, draft: loadDraft(sessionStorage, room.id) });
    this.element = h('section', { class: 'conversation', 'data-testid': 'conversation', 'data-room': room.id }, this.#head, this.#list.element, this.#typing, this.#write);
    this.draw();
  }

  get id() {
    return this.#room.id;
  }

  get name() {
    return roomName(this.#room);
  }

  /** Loads the room, and marks where I had read to. */
  async open() {
    if (this.#room.unread > 0) this.#readBefore = this.#room.readSeq;
    try {
      await this.#chat.openRoom(this.#room.id);
    } catch (problem) {
      toastProblem(problem);
    }
    this.draw();
    this.#list.toEnd();
    // On a phone the keyboard would cover half of what the person came to read.
    if (matchMedia('(hover: hover)').matches) this.#composer.focus();
    const others = [...new Set(this.#room.timeline.items().map((item) => item.message?.sender.id).filter(Boolean))];
    this.#chat.watchPresence(others);
  }

  draw() {
    const room = this.#room;
    this.#drawHead();
    const rows = rowsOf({
      room,
      waiting: this.#chat.waiting(room.id),
      me: this.#chat.me.id,
      people: this.#chat.people,
      readBefore: this.#readBefore,
      isOnline: this.#chat.isOnline,
      pressOn: (message) => this.#chat.pressOn(message),
      edits: this.#chat.waitingEdits(room.id),
    });
    this.#list.draw(rows, room.timeline);
    this.#aloud.look(rows);
    this.#announceDesk();
    this.#drawWrite();
    this.drawTyping();
    this.#announceNew();
    this.seen();
  }

  drawTyping() {
    const names = this.#chat.whoIsTyping(this.#room.id).map(({ name }) => name || t('somebody'));
    fill(this.#typing, names.length > 0 && [h('span', { class: 'typing-dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), typingWords(names)].flat());
  }

  /** What is in sight counts as read; in a window behind others nothing is in sight. */
  seen() {
    if (document.visibilityState !== 'visible' || !document.hasFocus()) return;
    if (this.#room.timeline.isLoaded && this.#list.isAtEnd) this.#chat.markRead(this.#room.id);
  }

  #drawHead() {
    const room = this.#room;
    const name = roomName(room);
    const tool = (iconName, label, testid, act) =>
      h('button', { class: 'icon-button', type: 'button', 'aria-label': label, title: label, 'data-testid': testid, onclick: act }, icon(iconName));
    const isDirect = room.kind === 'direct';
    const focused = this.#head.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    fill(
      this.#head,
      h('button', { class: 'icon-button back', type: 'button', 'aria-label': t('back'), 'data-testid': 'back', onclick: () => this.#acts.back() }, icon('back')),
      avatar({ name }, isDirect ? '' : 'avatar-room'),
      h('div', { class: 'room-title' }, h('div', { class: 'named' }, h('h2', { 'data-testid': 'room-name' }, foreign(name)), personMark(room.peer ?? {})), h('p', {}, this.#subtitle())),
      room.isModerated && this.#deskButton(tool),
      !isDirect && room.role && tool('invite', t('invite'), 'invite', () => this.#acts.invite(room)),
      tool('people', t('members'), 'members', () => this.#acts.members(room)),
      !isDirect && room.role && room.id !== this.#chat.lobby && tool('leave', t(room.role === 'owner' ? 'dissolve' : 'leave'), 'leave', () => this.#acts.leave(room)),
    );
    if (focused) this.#head.querySelector(`[data-testid="${focused}"]`)?.focus();
  }

  /** Always there for who keeps order, so that it is found; the number only where something waits. */
  #deskButton(tool) {
    const count = this.#chat.desk.count(this.#room.id);
    const label = count > 0 ? t('deskCount', { n: count }) : t('desk');
    const button = tool('shield', label, 'desk', () => this.#openDesk());
    if (count > 0) button.append(h('span', { class: 'badge tool-badge', 'aria-hidden': 'true', 'data-testid': 'desk-count' }, count > 99 ? '99+' : String(count)));
    return button;
  }

  /** Who keeps order hears that there is more to do. */
  #announceDesk() {
    const count = this.#chat.desk.count(this.#room.id);
    if (count > this.#waited) announce(t('deskCount', { n: count }));
    this.#waited = count;
  }

  #openDesk() {
    return new DeskPanel(this.#chat, this.#room, { goTo: (message) => this.#goTo(message) });
  }

  /** A message may be older than what is loaded: then the room says so. */
  #goTo(message) {
    if (!this.#list.goTo(message)) toast(t('deskFarBack'));
  }

  #subtitle() {
    const { kind, visibility, membersOnline, announcement } = this.#room;
    const parts = [];
    if (membersOnline !== null) parts.push(t('membersOnline', { n: membersOnline }));
    if (kind === 'channel') parts.push(t('kindChannel'));
    if (visibility === 'private' && kind !== 'direct') parts.push(t('visibilityPrivate'));
    parts.push(foreign(announcement));
    return joined(parts);
  }

  #drawWrite() {
    const { kind, role } = this.#room;
    const isReader = kind === 'channel' && role === 'member';
    const wanted = isReader ? null : this.#composer.element;
    if (wanted && this.#write.firstChild !== wanted) fill(this.#write, wanted);
    if (!wanted) fill(this.#write, h('p', { class: 'read-only' }, t('channelReadOnly')));
  }

  /** New messages of others are read aloud; pages of older ones are not. */
  #announceNew() {
    this.#announceWhispers();
    const fresh = this.#room.timeline.items().filter(({ seq, message }) => message && seq > this.#announced && message.sender.id !== this.#chat.me.id);
    const last = fresh.at(-1);
    if (!last) return;
    this.#announced = last.seq;
    announce(t('saidBy', { name: last.message.sender.name, text: messageText(last.message) }));
  }

  /** What a bot says to me alone is read aloud too; it has no place in the log to remember how far. */
  #announceWhispers() {
    const whispers = this.#room.timeline.items().filter(({ whisper }) => whisper).map(({ whisper }) => whisper);
    const fresh = whispers.filter(({ id }) => !this.#heard.has(id));
    this.#heard = new Set(whispers.map(({ id }) => id));
    const last = fresh.at(-1);
    if (last) announce(`${t('onlyYou')}. ${t('saidBy', { name: last.sender.name, text: messageText(last) })}`);
  }

  #writeActs() {
    const { id } = this.#room;
    return {
      send: (text, replyTo) => {
        this.#readBefore = null;
        this.#chat.write(id, text, replyTo);
        this.#list.toEnd();
      },
      edit: (message, text) => this.#needsConnection(this.#chat.edit(message, text)),
      discard: (key) => this.#chat.discard(id, key),
      commands: () => this.#acts.commands(id),
      typing: () => this.#chat.signTyping(id),
      draft: (text) => saveDraft(sessionStorage, id, text),
    };
  }

  #messageActs() {
    return {
      older: () => this.#chat.loadOlder(this.#room.id).catch(() => {}),
      atEnd: () => this.seen(),
      react: (row, emoji, isOn) => this.#needsConnection(this.#chat.react(row.id, emoji, isOn)),
      reply: (row) => this.#composer.reply(row),
      edit: (row) => this.#composer.edit(row),
      recall: (row) => this.#needsConnection(this.#chat.recall(row.id)),
      copy: (row) => navigator.clipboard?.writeText(row.content).then(() => toast(t('copied')), () => {}),
      retry: (key) => this.#chat.retry(key),
      again: (row) => this.#composer.again(row),
      press: (row, button) => this.#chat.press(this.#room.id, row.id, button),
      dismiss: (row) => this.#chat.dismiss(this.#room.id, row.id),
      discard: (key) => this.#chat.discard(this.#room.id, key),
      withdraw: (key) => this.#needsConnection(this.#chat.withdraw(this.#room.id, key)),
      showPerson: (person) => this.#acts.showPerson(person, this.#room),
      goTo: (id) => this.#list.goTo(id),
    };
  }

  #needsConnection(isSent) {
    if (!isSent) toast(t('offlineSoon'), 'error');
    return isSent;
  }
}

function typingWords(names) {
  if (names.length === 1) return sentence('typingOne', { name: names[0] });
  if (names.length === 2) return sentence('typingTwo', { a: names[0], b: names[1] });
  return sentence('typingMany', { n: names.length });
}
