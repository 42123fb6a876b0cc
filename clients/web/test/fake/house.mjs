/** The fake server's rooms: logs in memory, with the events and answers of the protocol. */

import { uuid } from '../../core/uuid.js';

const now = () => new Date().toISOString();

export class Refusal extends Error {
  constructor(code, status) {
    super(code);
    this.code = code;
    this.status = status;
  }
}

export class House {
  users = new Map();
  rooms = new Map();
  connections = new Set();
  /** `{room, user, by}` each. */
  invitations = [];

  constructor() {
    this.lobby = this.makeRoom({ name: '茶馆大厅', kind: 'group', visibility: 'public' }).id;
  }

  makeUser(name, isGuest) {
    const user = { id: uuid(), name, is_bot: false, is_guest: isGuest, joined_at: now() };
    this.users.set(user.id, user);
    this.change(this.lobby, user.id, 'joined', user.id);
    return user;
  }

  makeRoom({ name, kind, visibility }, owner) {
    const room = { id: uuid(), name, kind, visibility, created_at: now(), log: [], messages: [], members: new Map(), read: new Map() };
    this.rooms.set(room.id, room);
    if (owner) this.change(room.id, owner, 'joined', owner, 'owner');
    return room;
  }

  room(id) {
    const room = this.rooms.get(id);
    if (!room) throw new Refusal('room_not_found', 404);
    return room;
  }

  person(id) {
    const { name, avatar, is_bot, is_guest } = this.users.get(id);
    return { id, name, ...(avatar && { avatar }), ...(is_bot && { is_bot }), ...(is_guest && { is_guest }) };
  }

  change(roomId, user, change, by, role = 'member') {
    const room = this.room(roomId);
    if (change === 'joined') {
      if (room.members.has(user)) return;
      room.members.set(user, role);
    }
    this.log(room, { type: 'member', user: this.person(user), change, by, role });
    if (change === 'joined' && room.kind === 'group' && role === 'member' && room.id !== this.lobby) this.plugins?.joined(room, user);
    if (change === 'left' || change === 'kicked') room.members.delete(user);
  }

  invite(room, user, by) {
    if (this.room(room).members.has(user) || this.invitations.some((one) => one.room === room && one.user === user)) return;
    this.invitations.push({ room, user, by });
    const notice = { type: 'notice', kind: 'invited', room, user: by, text: `${this.person(by).name} invites you`, at: now() };
    for (const connection of this.connections) if (connection.user === user) connection.send(notice);
  }

  invitationsOf(user) {
    const mine = this.invitations.filter((one) => one.user === user && this.rooms.has(one.room));
    return mine.map(({ room, by }) => ({ room: { id: room, name: this.room(room).name, kind: this.room(room).kind }, invited_by: this.person(by), role: 'member', invited_at: now() }));
  }

  answer(room, user, isWanted) {
    const found = this.invitations.find((one) => one.room === room && one.user === user);
    if (!found) throw new Refusal('room_not_found', 404);
    this.invitations.splice(this.invitations.indexOf(found), 1);
    if (isWanted) this.change(room, user, 'joined', found.by);
  }

  dissolve(id, by) {
    this.log(this.room(id), { type: 'room', by, deleted: true });
    this.rooms.delete(id);
  }

  log(room, event, except) {
    const full = { ...event, room: room.id, seq: room.log.length + 1, at: now() };
    room.log.push(full);
    this.tell(room, full, except);
    return full;
  }

  tell(room, frame, except) {
    for (const connection of this.connections) {
      if (connection !== except && room.members.has(connection.user)) connection.send(frame);
    }
    return frame;
  }

  message(id) {
    for (const room of this.rooms.values()) {
      const message = room.messages.find((candidate) => candidate.id === id);
      if (message) return { room, message };
    }
    throw new Refusal('message_not_found', 404);
  }

  /** As `GET /v1/rooms` shows it. */
  facts(room, user) {
    const { id, name = '', kind, visibility, created_at } = room;
    const other = kind === 'direct' && [...room.members.keys()].find((member) => member !== user);
    return { id, name, created_at, ...(other && { peer: this.users.get(other) }), kind, visibility, role: room.members.get(user), member_count: room.members.size, ...this.head(room, user) };
  }

  head(room, user) {
    const read_seq = room.read.get(user) ?? 0;
    const unread = room.messages.filter((message) => message.seq > read_seq && message.sender.id !== user).length;
    return { room: room.id, last_seq: room.log.length, read_seq, unread, last: room.messages.at(-1) };
  }

  history(room, { before, limit = 50 }) {
    const older = room.messages.filter((message) => !before || message.seq < Number(before));
    return { items: older.slice(-Number(limit)), next: null, prev: null };
  }

  events(room, { after = 0, limit = 50 }) {
    return { items: room.log.slice(Number(after), Number(after) + Number(limit)), next: null };
  }

  /** A message in the log, which nobody has been told yet. */
  post(room, message) {
    const full = { type: 'msg', ...message, room: room.id, seq: room.log.length + 1, at: now() };
    room.log.push(full);
    room.messages.push({ ...full });
    return full;
  }

  /** Another content for a message, as its sender. */
  edit(id, content, by) {
    const { room, message } = this.message(id);
    Object.assign(message, { content, edited_at: now() });
    this.log(room, { type: 'edited', message: id, by, content });
  }

  recall(id, by) {
    const { room, message } = this.message(id);
    Object.assign(message, { content: undefined, recalled_at: now() });
    this.log(room, { type: 'recalled', message: id, by });
  }

  say(connection, { id, room: roomId, content, reply_to }) {
    const room = this.room(roomId ?? this.lobby);
    if (!room.members.has(connection.user)) throw new Refusal('not_a_member', 403);
    const known = room.messages.find((message) => message.client_id === id && message.sender.id === connection.user);
    const replaced = this.plugins?.replaced({ content });
    const answer = known ? null : this.plugins?.check(connection.user, room, { id, content });
    if (answer) return connection.send(answer);
    const message = known ?? this.log(room, { type: 'msg', id: uuid(), client_id: id, sender: this.person(connection.user), kind: 'text', content: replaced?.content ?? content, ...(reply_to && { reply_to }) }, connection);
    if (!known) room.messages.push({ ...message });
    connection.send({ type: 'ack', id, message: message.id, state: 'sent', seq: message.seq, at: message.at, ...(replaced && { replaced }) });
    return this.plugins?.posted(connection.user, room, message);
  }

  amend(connection, frame) {
    const { room, message } = this.message(frame.message);
    const about = { message: message.id };
    const user = connection.user;
    const acts = {
      edit: () => {
        Object.assign(message, { content: frame.content, edited_at: now() });
        return { type: 'edited', ...about, by: user, content: frame.content };
      },
      recall: () => {
        Object.assign(message, { content: undefined, recalled_at: now() });
        return { type: 'recalled', ...about, by: user };
      },
      react: () => this.react(message, { type: 'reaction', ...about, user, emoji: frame.emoji, removed: false }),
      unreact: () => this.react(message, { type: 'reaction', ...about, user, emoji: frame.emoji, removed: true }),
    };
    const event = this.log(room, acts[frame.type]());
    connection.send({ type: 'ack', id: frame.id, message: message.id, state: 'sent', seq: event.seq, at: event.at });
  }

  react(message, event) {
    const others = (message.reactions ?? []).filter(({ emoji }) => emoji !== event.emoji);
    const users = (message.reactions ?? []).find(({ emoji }) => emoji === event.emoji)?.users ?? [];
    const now = event.removed ? users.filter((id) => id !== event.user) : [...users, event.user];
    message.reactions = [...others, ...(now.length > 0 ? [{ emoji: event.emoji, users: now, count: now.length }] : [])];
    return { ...event, count: now.length };
  }
}
