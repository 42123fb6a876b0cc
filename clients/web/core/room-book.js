/** The rooms that I am in, and what the list at the left shows of each. */

import { RoomLog } from './room-log.js';
import { Timeline } from './timeline.js';

/** A typing sign that isn't renewed in this time is over; senders renew it every three seconds. */
const TYPING_MS = 5_000;

export class Room {
  name = '';
  kind = 'group';
  visibility = 'private';
  role = null;
  announcement = '';
  createdAt = '';
  /** The other person of a direct room. */
  peer = null;
  unread = 0;
  readSeq = 0;
  last = null;
  membersOnline = null;
  log = new RoomLog();
  timeline = new Timeline();
  /** Whether a `join` is under way that brings missed events. */
  isResuming = false;
  /** Up to here the server's own `unread` has counted. */
  countedTo = 0;
  /** Who has read how far: user id to seq. */
  receipts = new Map();
  /** Who is writing: user id to when the sign ends. */
  typing = new Map();

  constructor(id) {
    this.id = id;
  }

  /** Whether I keep order here; the server decides, this only spares questions that it would refuse. */
  get isModerated() {
    return this.kind !== 'direct' && (this.role === 'owner' || this.role === 'admin');
  }

  /** Takes what a list, a `heads` entry or a single answer says about the room. */
  describe(facts) {
    this.name = facts.name ?? this.name;
    this.kind = facts.kind ?? this.kind;
    this.visibility = facts.visibility ?? this.visibility;
    this.role = facts.role ?? this.role;
    this.announcement = facts.announcement ?? this.announcement;
    this.createdAt = facts.created_at ?? this.createdAt;
    this.peer = facts.peer ?? this.peer;
    this.last = newer(this.last, facts.last);
    if (facts.last_seq !== undefined) this.log.heard(facts.last_seq);
    this.#count(facts);
  }

  /** Takes the server's count, unless this page knows of later events, or has read further than the server was told. */
  #count({ unread, last_seq: lastSeq = 0, read_seq: readSeq }) {
    const isAhead = readSeq !== undefined && this.readSeq > readSeq;
    if (readSeq !== undefined) this.readSeq = Math.max(this.readSeq, readSeq);
    if (unread === undefined || lastSeq < this.countedTo || isAhead) return;
    this.unread = lastSeq > 0 && this.readSeq >= lastSeq ? 0 : unread;
    this.countedTo = lastSeq;
  }

  /** Forgets what was shown, and goes on after `seq`; used where replaying what was missed isn't worth it. */
  skipTo(seq) {
    this.timeline = new Timeline();
    return this.log.startAfter(seq);
  }

  /** Applies an event whose turn it is. */
  apply(event, me) {
    this.timeline.apply(event, me);
    if (event.type === 'msg') this.#messageCame(event, me);
    if (event.type === 'room') this.describe({ name: event.name, announcement: event.announcement });
    if (event.type === 'recalled' && this.last?.id === event.message) this.last = { ...this.last, recalled: true };
    if (event.type === 'edited' && this.last?.id === event.message) this.last = { ...this.last, content: event.content };
  }

  #messageCame(event, me) {
    this.last = newer(this.last, event);
    this.typing.delete(event.sender.id);
    if (event.seq <= this.countedTo) return;
    this.countedTo = event.seq;
    if (event.sender.id === me) return;
    if (event.seq > this.readSeq) this.unread += 1;
  }

  sawTyping(user, now) {
    this.typing.set(user, now + TYPING_MS);
    return TYPING_MS;
  }

  whoIsTyping(now) {
    return [...this.typing].filter(([, until]) => until > now).map(([user]) => user);
  }
}

function newer(known, candidate) {
  if (!candidate) return known;
  return known && known.seq > candidate.seq ? known : candidate;
}

/** All rooms by id, and their order in the list. */
export class RoomBook {
  #rooms = new Map();

  find(id) {
    return this.#rooms.get(id);
  }

  /** The room, made if it wasn't known. */
  enter(id) {
    if (!this.#rooms.has(id)) this.#rooms.set(id, new Room(id));
    return this.#rooms.get(id);
  }

  leave(id) {
    this.#rooms.delete(id);
  }

  ids() {
    return [...this.#rooms.keys()];
  }

  /** The room with the latest message first; one without any stands by when it was made. */
  list() {
    const newest = ({ last, createdAt }) => last?.at ?? createdAt;
    return [...this.#rooms.values()].sort((a, b) => {
      const byTime = newest(b).localeCompare(newest(a));
      return byTime || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
    });
  }
}
