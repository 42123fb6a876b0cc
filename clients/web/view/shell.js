/** The signed-in page: rooms at the left, the open one at the right; on a phone one of the two. */

import { CommandBook } from '../core/commands.js';
import { realClock } from '../core/connection.js';
import { errorText, t } from '../text/words.js';
import { Conversation } from './conversation.js';
import { confirmDialog } from './dialog.js';
import { h } from './dom.js';
import { membersDialog, inviteDialog } from './member-dialogs.js';
import { browseDialog, createRoomDialog } from './room-dialogs.js';
import { messageText } from './room-names.js';
import { cup } from './scene.js';
import { Sidebar } from './sidebar.js';
import { StatusBar } from './status-bar.js';
import { toast, toastProblem } from './toast.js';

const ROOM_HASH = /^#room\/([\w-]+)$/;

/** `acts`: `retry()`, `signOut()`, `languageSwitched()`, `useHere()`. */
export class Shell {
  #chat;
  #calls;
  #acts;
  #sidebar;
  #status;
  #conversation = null;
  #main = h('main', { class: 'main' });
  #stops = [];
  #isDrawing = false;
  #commands;

  constructor(chat, calls, acts) {
    this.#chat = chat;
    this.#calls = calls;
    this.#acts = acts;
    this.#commands = new CommandBook((room) => calls.commands(room), realClock);
    this.#status = new StatusBar(acts);
    this.#sidebar = new Sidebar(chat, {
      open: (id) => this.#go(id),
      enter: (id) => this.#try(async () => this.#enter(await calls.get(id))),
      create: () => createRoomDialog(calls, (room) => this.#enter(room)),
      browse: () => this.#browse(),
      signOut: acts.signOut,
      languageSwitched: acts.languageSwitched,
    });
    this.element = h('div', { class: 'shell', 'data-view': 'rooms', 'data-testid': 'shell' }, this.#status.element, this.#sidebar.element, this.#main);
    this.#listen();
    this.#connection(chat.connectionState);
    this.#route();
  }

  /** Ends all listening; the element is thrown away after it. */
  stop() {
    for (const stop of this.#stops) stop();
    this.#status.stop();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    document.title = t('title');
  }

  #listen() {
    const { signal, abort } = listening();
    const seen = () => this.#conversation?.seen();
    window.addEventListener('hashchange', () => this.#route(), { signal });
    window.addEventListener('focus', seen, { signal });
    document.addEventListener('visibilitychange', seen, { signal });
    this.#stops = [
      abort,
      this.#chat.on('rooms', () => this.#plan()),
      this.#chat.on('room', () => this.#plan()),
      this.#chat.on('presence', () => this.#plan()),
      this.#chat.on('whisper', (whisper) => this.#whispered(whisper)),
      this.#chat.on('typing', () => this.#plan()),
      this.#chat.on('connection', (state) => this.#connection(state)),
    ];
  }

  /** Draws once for all that happens in one turn: a resume of two hundred events is one drawing. */
  #plan() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw() {
    const hash = ROOM_HASH.exec(location.hash)?.[1];
    const isHere = Boolean(this.#conversation);
    if (isHere && !this.#chat.rooms.find(this.#conversation.id)) this.#roomIsGone();
    else if (!isHere && hash && this.#chat.rooms.find(hash)) this.#route();
    this.#sidebar.draw(this.#conversation?.id ?? null);
    this.#conversation?.draw();
    const unread = this.#chat.rooms.list().reduce((sum, room) => sum + room.unread, 0);
    document.title = unread > 0 ? `(${unread}) ${t('title')}` : t('title');
  }

  /** The open room went away by somebody else's act: kicked, dissolved, or left in another window. */
  #roomIsGone() {
    toast(t('roomGone', { room: this.#conversation.name }));
    this.#go(null);
  }

  /** What a bot says to me alone in a room that I don't look at would else be missed. */
  #whispered(whisper) {
    if (this.#conversation?.id === whisper.room) return;
    toast(t('saidBy', { name: whisper.sender.name, text: messageText(whisper) }));
  }

  #connection(state) {
    this.#status.draw(state);
    this.#sidebar.showPhase(state.phase);
    this.#plan();
  }

  #go(id) {
    const hash = id ? `#room/${id}` : '';
    if (location.hash !== hash) history.pushState(null, '', hash || location.pathname + location.search);
    this.#route();
  }

  /** Shows what the address names: a room, or none. */
  #route() {
    const id = ROOM_HASH.exec(location.hash)?.[1] ?? null;
    const room = id ? this.#chat.rooms.find(id) : null;
    this.element.dataset.view = room ? 'conversation' : 'rooms';
    if (room && this.#conversation?.id === id) return;
    this.#chat.closeRoom();
    this.#conversation = room ? new Conversation(this.#chat, room, this.#roomActs()) : null;
    this.#main.replaceChildren(this.#conversation ? this.#conversation.element : this.#nothingOpen());
    this.#sidebar.draw(room ? id : null);
    this.#conversation?.open();
  }

  #nothingOpen() {
    return h('div', { class: 'nothing-open' }, cup(), h('h2', {}, t('pickRoom')), h('p', {}, t('pickRoomHint')));
  }

  #roomActs() {
    const direct = (user) => this.#direct(user);
    return {
      back: () => this.#go(null),
      members: (room) => membersDialog(this.#calls, this.#chat, room, direct),
      invite: (room) => inviteDialog(this.#calls, this.#chat, room),
      leave: (room) => this.#leave(room),
      showPerson: (person, room) => membersDialog(this.#calls, this.#chat, room, direct),
      commands: (room) => this.#commands.of(room),
    };
  }

  #enter(facts) {
    this.#chat.entered(facts);
    this.#go(facts.id);
  }

  #browse() {
    return browseDialog(this.#calls, {
      isMine: (id) => Boolean(this.#chat.rooms.find(id)),
      onOpen: (id) => this.#go(id),
      onJoin: (room) => this.#try(() => this.#join(room)),
    });
  }

  async #join(room) {
    const member = await this.#calls.join(room.id).catch((problem) => {
      // No failure: the door was knocked at.
      if (problem.code !== 'approval_required') throw problem;
      toast(errorText('approval_required'));
    });
    if (member !== undefined) this.#enter({ ...room, role: member?.role ?? 'member' });
  }

  #direct(user) {
    return this.#try(async () => this.#enter(await this.#calls.direct(user)));
  }

  /** Who owns a room ends it for all: without an owner nobody could look after it. */
  async #leave(room) {
    const isOwner = room.role === 'owner';
    const question = t(isOwner ? 'dissolveAsk' : 'leaveAsk', { room: room.name });
    if (!(await confirmDialog(question, t(isOwner ? 'dissolve' : 'leave')))) return;
    await this.#try(async () => {
      await (isOwner ? this.#calls.dissolve(room.id) : this.#calls.leave(room.id));
      this.#chat.left(room.id);
      this.#go(null);
    });
  }

  async #try(act) {
    try {
      await act();
    } catch (problem) {
      toastProblem(problem);
    }
  }
}

function listening() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
