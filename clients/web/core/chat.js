/** The conversation as this page knows it: the server's frames in, the person's acts out. No DOM. */

import { acknowledged } from './acknowledged.js';
import { CatchUp } from './catch-up.js';
import { realClock } from './connection.js';
import { Desk } from './desk.js';
import { Emitter } from './emitter.js';
import { History } from './history.js';
import { Invitations } from './invitations.js';
import { Kept } from './kept.js';
import { OnlineCount } from './online-count.js';
import { Outbox } from './outbox.js';
import { People } from './people.js';
import { Pressing } from './pressing.js';
import { RoomBook } from './room-book.js';
import { RoomListing } from './room-listing.js';
import { Sending } from './sending.js';
import { outboxKey } from './session-store.js';
import { TypingSign } from './typing-sign.js';
import { uuid as newUuid } from './uuid.js';

const LEAVINGS = new Set(['left', 'kicked', 'banned']);
/** So many rooms are looked at for what waits there, the liveliest first. */
const SURVEYED = 50;

/**
 * Topics: `connection` (the state), `rooms` (the list has changed), `room` (a room whose conversation has changed),
 * `typing` (a room), `presence`, `notice` (a frame), `whisper` (what a bot tells me alone), `editHeld` (a message whose
 * edit waits for a moderator), `refused` (an error that belongs to no message).
 */
export class Chat extends Emitter {
  rooms = new RoomBook();
  people = new People();
  lobby = null;
  limits = { text_chars: 4000 };
  /** What waits for moderators. */
  desk;
  /** What I am invited into. */
  invitations;
  #rest;
  #connection;
  #clock;
  #uuid;
  #outbox;
  #sending;
  #catchUp;
  #open = null;
  /** Whether there was no connection a moment ago, and nobody told of what began to wait meanwhile. */
  #isBack = false;
  #typingSign;
  #onlineCount;
  #listing;
  #history;
  #pressing;
  #kept;
  #handlers = {
    hello: (frame) => this.#greeted(frame),
    heads: (frame) => this.#headed(frame),
    joined: (frame) => this.#joined(frame),
    gap: (frame) => this.#withRoom(frame, (room) => this.#catchUp.gap(room, frame.to)),
    ack: (frame) => this.#acknowledged(frame),
    error: (frame) => this.#refused(frame),
    receipt: (frame) => this.#withRoom(frame, (room) => this.#receipt(room, frame)),
    typing: (frame) => this.#withRoom(frame, (room) => this.#typing(room, frame)),
    presence: (frame) => this.#presence(frame),
    notice: (frame) => this.#noticed(frame),
    waiting: (frame) => this.desk.stale(frame.room),
    ephemeral: (frame) => this.#withRoom(frame, (room) => this.#whispered(room, frame)),
  };

  constructor({ me, rest, connection, storage, lasting = storage, clock = realClock, uuid = newUuid }) {
    super();
    this.me = me;
    this.#rest = rest;
    this.#connection = connection;
    this.#clock = clock;
    this.#uuid = uuid;
    this.people.met(me);
    this.#outbox = new Outbox(storage, outboxKey(me.id));
    this.#sending = new Sending({ connection, outbox: this.#outbox, clock });
    this.#sending.on('changed', (entry) => this.#changed(entry.room));
    this.#typingSign = new TypingSign(connection, clock);
    this.#pressing = new Pressing({ connection, clock, uuid });
    this.#pressing.on('changed', (room) => this.#changed(room));
    this.desk = new Desk({ rest, clock });
    this.desk.on('changed', (room) => this.#changed(room));
    this.invitations = new Invitations(rest);
    this.invitations.on('changed', () => this.emit('rooms'));
    this.#kept = new Kept({ rest, clock, storage: lasting });
    this.#history = new History({ rest, landed: (room, items) => this.#landed(room, items) });
    this.#listing = new RoomListing({ rest, rooms: this.rooms, people: this.people, gone: (id) => this.#gone(id) });
    this.#catchUp = new CatchUp({
      connection,
      rest,
      clock,
      take: (room, events) => this.#take(room, events),
      reload: (room) => this.#loadNewest(room).catch(() => {}),
    });
    this.#onlineCount = new OnlineCount(clock, () => this.#askAgain());
    connection.on('frame', (frame) => this.#receive(frame));
    connection.on('state', (state) => this.#connectionChanged(state));
  }

  start() {
    this.#connection.open();
    this.refreshRooms().catch(() => {});
  }

  get connectionState() {
    return this.#connection.state;
  }

  get isListed() {
    return this.#listing.isRead;
  }

  get isOnline() {
    return this.#connection.online;
  }

  /** Shows a room: its newest history, what was missed since, and what comes. */
  async openRoom(id) {
    const room = this.rooms.find(id);
    if (!room) return;
    this.#open = id;
    if (!room.timeline.isLoaded) await this.#loadNewest(room);
    this.#look(room);
    if (this.rooms.find(id) === room) this.#catchUp.resume(room);
  }

  closeRoom() {
    this.#open = null;
  }

  /** Brings the page of history before what is here; true where something came. */
  async loadOlder(id) {
    return (await this.#history.loadOlder(this.rooms.find(id))) > 0;
  }

  /** What waits in a room to be accepted: sending, failed or held. */
  waiting(id) {
    const written = this.#outbox.list(id);
    const known = new Set(written.flatMap((entry) => [entry.id, entry.message]));
    const elsewhere = this.#kept.entries(id).filter((entry) => !known.has(entry.id) && !known.has(entry.message));
    return [...elsewhere, ...written].sort((a, b) => a.at.localeCompare(b.at));
  }

  /** The messages of mine in a room of which a change waits for a moderator. */
  waitingEdits(id) {
    return this.#kept.edits(id);
  }

  /** Writes a message; it is sent as soon as there is a connection. */
  write(id, content, replyTo) {
    const at = new Date(this.#clock.now()).toISOString();
    this.#typingSign.done(id);
    return this.#sending.write({ id: this.#uuid(), room: id, content, at, ...(replyTo && { reply_to: replyTo }) });
  }

  retry(clientId) {
    this.#sending.retry(clientId);
  }

  /** Deletes what was not sent, and puts away what was refused. */
  discard(id, clientId) {
    const entry = this.waiting(id).find((candidate) => candidate.id === clientId);
    if (entry?.message) this.#kept.putAway(id, entry.message);
    this.#sending.discard(clientId);
    this.#changed(id);
  }

  /** Takes back what waits for a moderator; false: there is no connection to do it with. */
  withdraw(id, clientId) {
    const entry = this.waiting(id).find((candidate) => candidate.id === clientId);
    if (!entry?.message || !this.recall(entry.message)) return false;
    this.#kept.gone(id, entry.message);
    this.#sending.discard(clientId);
    this.#changed(id);
    return true;
  }

  /** Presses a button of a card; `pressOn` says what became of it. */
  press(room, message, button) {
    this.#pressing.press(room, message, button);
  }

  /** The last press on a card, or null. */
  pressOn(message) {
    return this.#pressing.of(message);
  }

  /** Puts away what a bot told me alone. */
  dismiss(id, whisper) {
    this.rooms.find(id)?.timeline.dropWhisper(whisper);
    this.#changed(id);
  }

  /** Each of these is told by an event when it is done; false: there is no connection to do it with. */
  edit(message, content) {
    return this.#connection.send({ type: 'edit', id: this.#uuid(), message, content });
  }

  recall(message) {
    return this.#connection.send({ type: 'recall', id: this.#uuid(), message });
  }

  react(message, emoji, isOn) {
    return this.#connection.send({ type: isOn ? 'react' : 'unreact', id: this.#uuid(), message, emoji });
  }

  /** I have seen everything in the room that is here. */
  markRead(id) {
    const room = this.rooms.find(id);
    if (!room || room.log.cursor === null) return;
    const hadUnread = room.unread > 0;
    room.unread = 0;
    if (room.log.cursor > room.readSeq) {
      room.readSeq = room.log.cursor;
      this.#connection.send({ type: 'read', room: id, seq: room.readSeq });
    }
    if (hadUnread) this.emit('rooms');
  }

  /** I am writing in the room. */
  signTyping(id) {
    this.#typingSign.pressed(id);
  }

  whoIsTyping(id) {
    return this.rooms.find(id)?.whoIsTyping(this.#clock.now()).map((user) => this.people.find(user)) ?? [];
  }

  watchPresence(users) {
    const others = users.filter((user) => user !== this.me.id).slice(0, 200);
    if (others.length > 0) this.#connection.send({ type: 'presence', users: others });
  }

  /** Reads the list of my rooms again, such as after joining one. */
  async refreshRooms() {
    await this.#listing.refresh();
    this.emit('rooms');
    this.#survey();
  }

  /** Has looked at what waits for me in rooms that are not open: the server tells of changes alone. */
  #survey() {
    const isWanted = ({ id }) => id !== this.#open && (this.#isBack || this.desk.of(id).state === 'unread');
    const rooms = this.rooms.list().filter((room) => room.isModerated && isWanted(room));
    this.#isBack = false;
    this.desk.survey(rooms.slice(0, SURVEYED).map(({ id }) => id));
  }

  /** A room of which the server has just said something, such as one that I made or joined. */
  entered(facts) {
    const room = this.rooms.enter(facts.id);
    room.describe(facts);
    this.emit('rooms');
    return room;
  }

  left(id) {
    this.#connection.send({ type: 'leave', room: id });
    for (const entry of this.#outbox.list(id)) this.#sending.discard(entry.id);
    this.#gone(id);
    this.emit('rooms');
  }

  #gone(id) {
    this.rooms.leave(id);
    if (this.#open === id) this.#open = null;
  }

  #receive(frame) {
    const handler = this.#handlers[frame.type];
    if (handler) handler(frame);
    else if (frame.seq !== undefined && frame.room) this.#logged(frame);
  }

  #greeted(hello) {
    this.lobby = hello.lobby;
    this.limits = { ...this.limits, ...hello.limits };
    this.me = { ...this.me, ...hello.user };
    this.people.met(this.me);
    this.#connection.send({ type: 'listen', rooms: 'all' });
    this.#sending.connected();
    this.#isBack = true;
    this.refreshRooms().catch(() => {});
    this.invitations.refresh().catch(() => {});
  }

  /** Where my rooms stand, some at a time: all but the last frame have `more`. */
  #headed({ rooms, more }) {
    for (const head of rooms) {
      const room = this.rooms.enter(head.room);
      this.#catchUp.headed(room, head.last_seq);
      const toldRead = head.read_seq ?? 0;
      const readHere = room.readSeq;
      room.describe(head);
      this.people.met(head.last?.sender);
      // What was read without a connection is told now.
      if (readHere > toldRead) this.#connection.send({ type: 'read', room: room.id, seq: readHere });
    }
    if (!more) this.#resumeOpen();
    this.emit('rooms');
  }

  #resumeOpen() {
    const open = this.rooms.find(this.#open);
    if (open && !open.timeline.isLoaded) this.openRoom(open.id).catch(() => {});
    else if (open && !open.isResuming) this.#catchUp.resume(open);
    if (open?.timeline.isLoaded) this.#look(open);
  }

  #joined(frame) {
    this.#withRoom(frame, (room) => {
      room.membersOnline = frame.members_online;
      this.#roleIs(room, frame.role ?? null);
      this.#catchUp.joined(room, frame.last_seq);
      this.#changed(room.id);
    });
  }

  #logged(event) {
    const known = this.rooms.find(event.room);
    if (!known && this.#isMyLeaving(event)) return;
    const room = known ?? this.rooms.enter(event.room);
    // One of mine that moderators look at before others see it stands at a place that another event has.
    if (event.type === 'msg' && event.sender.id === this.me.id && room.timeline.reaches(event.seq)) room.timeline.add(event);
    this.#catchUp.offer(room, event);
    // A room that I got into just now: the event doesn't say its name.
    if (!known) this.refreshRooms().catch(() => {});
  }

  /** Applies what the room's log gives out: each event once, in order. */
  #take(room, events) {
    for (const event of events) {
      room.apply(event, this.me.id);
      this.people.met(event.sender);
      if (event.type === 'member') this.#memberChanged(room, event);
      if (event.type === 'msg' && event.sender.id === this.me.id && event.client_id) {
        this.#sending.settled(event.client_id);
      }
      if (event.type === 'msg' && event.sender.id === this.me.id) this.#kept.gone(room.id, event.id);
      if (event.type === 'room' && event.deleted) this.#gone(room.id);
    }
    if (events.length === 0) return;
    this.#changed(room.id);
    this.emit('rooms');
  }

  #memberChanged(room, event) {
    this.people.met(event.user);
    if (event.user.id === this.me.id && event.role) this.#roleIs(room, event.role);
    if (room.id === this.#open) this.#onlineCount.changed();
    // What is replayed may be long past (left, and come back since), so the list decides.
    if (this.#isMyLeaving(event)) this.refreshRooms().catch(() => {});
  }

  /** Only a `join` tells how many are online. */
  #askAgain() {
    const open = this.rooms.find(this.#open);
    if (open && !open.isResuming) this.#catchUp.resume(open);
  }

  #isMyLeaving(event) {
    return event.type === 'member' && event.user.id === this.me.id && LEAVINGS.has(event.change);
  }

  #acknowledged(ack) {
    if (this.#pressing.acknowledged(ack)) return;
    const entry = ack.id ? this.#outbox.find(ack.id) : undefined;
    if (!entry) {
      this.#amended(ack);
      return;
    }
    if (ack.state === 'held' || ack.seq === undefined) {
      this.#sending.held(ack.id, ack.message);
      return;
    }
    const room = this.rooms.enter(entry.room);
    const message = acknowledged(entry, ack, this.people.find(this.me.id));
    // Shown as sent at once, also when events before it are still on their way. An old one, acknowledged again, may be
    // on a page of the history that isn't here yet.
    if (room.log.cursor === null || ack.seq > room.log.cursor || room.timeline.reaches(ack.seq)) room.timeline.add(message);
    this.#catchUp.offerOwn(room, message);
    this.#sending.settled(ack.id);
  }

  /** What became of an edit, a recall or a reaction of mine. */
  #amended(ack) {
    const room = this.rooms.list().find(({ timeline }) => timeline.message(ack.message));
    if (ack.state === 'held') {
      if (room) this.#kept.editWaits(room.id, ack.message);
      this.emit('editHeld', ack.message);
    }
    if (ack.replaced) room?.timeline.replacedBy(ack.message, ack.replaced);
    if (room) this.#changed(room.id);
  }

  #roleIs(room, role) {
    const before = room.role;
    room.role = role;
    if (before !== role && room.id === this.#open && room.isModerated) this.desk.read(room.id);
  }

  /** What stands beside the log of a room: what of mine waits there, and what waits for me. */
  #look(room) {
    this.#readKept(room.id).catch(() => {});
    if (room.isModerated) this.desk.read(room.id);
  }

  async #readKept(id) {
    for (const { id: message, state, reason } of await this.#kept.read(id)) {
      if (state === 'refused') this.#sending.heldRefused(message, { reason });
    }
    this.#changed(id);
  }

  #refused(error) {
    if (!this.#pressing.refused(error) && !this.#sending.refused(error)) this.emit('refused', error);
  }

  #noticed(notice) {
    const isOurs = notice.kind === 'held_refused' && this.#sending.heldRefused(notice.message, { detail: notice.text });
    // Whichever way it went: what is kept is another now, and the server says why in the moderator's own words.
    if (notice.kind.startsWith('held_') && this.rooms.find(notice.room)) this.#readKept(notice.room).catch(() => {});
    if (notice.kind === 'join_accepted') this.refreshRooms().catch(() => {});
    if (notice.kind === 'invited') this.invitations.refresh().catch(() => {});
    // What is said below the message itself needn't be said a second time.
    if (!isOurs || notice.room !== this.#open) this.emit('notice', notice);
  }

  #whispered(room, whisper) {
    this.people.met(whisper.sender);
    room.timeline.addWhisper(whisper);
    this.#changed(room.id);
    this.emit('whisper', whisper);
  }

  #receipt(room, { user, seq }) {
    room.receipts.set(user, Math.max(seq, room.receipts.get(user) ?? 0));
    if (user === this.me.id && seq > room.readSeq) {
      room.readSeq = seq;
      if (seq >= (room.last?.seq ?? 0)) room.unread = 0;
      this.emit('rooms');
    }
    this.#changed(room.id);
  }

  #typing(room, { user }) {
    if (user === this.me.id) return;
    const span = room.sawTyping(user, this.#clock.now());
    this.#clock.setTimeout(() => this.emit('typing', room.id), span + 50);
    this.emit('typing', room.id);
  }

  #presence({ users }) {
    this.people.sawPresence(users);
    this.emit('presence');
  }

  #connectionChanged(state) {
    if (state.phase !== 'online') {
      this.#sending.disconnected();
      this.#pressing.disconnected();
      this.#catchUp.disconnected(this.rooms.list());
      this.people.forgetPresence();
    }
    this.emit('connection', state);
    // What waits to be sent is shown by whether it can be.
    if (this.#open) this.#changed(this.#open);
  }

  async #loadNewest(room) {
    await this.#history.loadNewest(room);
    this.#changed(room.id);
  }

  #landed(room, items) {
    for (const message of items) this.#metInHistory(message);
    if (room.log.cursor === null) this.#take(room, room.log.startAfter(items.at(-1)?.seq ?? 0));
    this.#changed(room.id);
  }

  #metInHistory(message) {
    this.people.met(message.sender);
    // Its ack was lost with a page or a connection: the message is there all the same.
    if (message.sender.id === this.me.id && message.client_id) this.#sending.settled(message.client_id);
  }

  #withRoom(frame, act) {
    const room = this.rooms.find(frame.room);
    if (room) act(room);
  }

  #changed(id) {
    this.emit('room', id);
  }
}
