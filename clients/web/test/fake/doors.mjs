/** The fake server's doors: the REST calls that the page makes, and its socket's frames. */

import { Refusal } from './house.mjs';
import { FakePlugins } from './plugins.mjs';
import { uuid } from '../../core/uuid.js';

export function makeDoors(house, { guestsAllowed = true, hasSimulator = true } = {}) {
  const people = ['小明', 'Alice', '阿芳', 'Bob'].map((nickname) => ({ id: uuid(), openid: `o-${nickname}`, unionid: '', nickname }));
  const tokens = new Map();
  house.plugins = new FakePlugins(house);
  const codes = new Map();
  const wechatUsers = new Map();

  function session(user) {
    const token = uuid();
    tokens.set(token, user.id);
    return { token, expires_at: '2099-01-01T00:00:00.000Z', user };
  }

  /** `[method, path pattern, needs a session, act({user, body, query, id, other})]`. */
  const calls = [
    ['GET', 'wechat-sim/control/people', false, () => ({ items: people })],
    ['POST', 'wechat-sim/control/people', false, ({ body }) => people[people.push({ id: uuid(), openid: uuid(), unionid: '', nickname: body.nickname }) - 1]],
    ['POST', 'wechat-sim/control/login', false, ({ body }) => {
      const code = uuid();
      codes.set(code, body.person);
      return { code, raw_data: '{}', signature: '', encrypted_data: '', iv: '' };
    }],
    ['POST', 'v1/auth/wechat', false, ({ body }) => {
      const person = people.find(({ id }) => id === codes.get(body.code));
      if (!person) throw new Refusal('wechat_code_invalid', 400);
      if (!wechatUsers.has(person.id)) wechatUsers.set(person.id, house.makeUser(person.nickname, false));
      return session(wechatUsers.get(person.id));
    }],
    ['POST', 'v1/auth/guest', false, ({ body }) => {
      if (!guestsAllowed) throw new Refusal('guests_not_allowed', 403);
      return session(house.makeUser(body.name ?? `游客 ${tokens.size}`, true));
    }],
    ['POST', 'v1/auth/logout', true, ({ token }) => {
      tokens.delete(token);
      for (const connection of house.connections) if (connection.token === token) connection.close(4001);
    }],
    ['GET', 'v1/rooms', true, ({ user }) => listed([...house.rooms.values()].filter((room) => room.members.has(user)).map((room) => house.facts(room, user)))],
    ['GET', 'v1/rooms/public', true, ({ user }) => listed([...house.rooms.values()].filter((room) => room.visibility === 'public').map((room) => house.facts(room, user)))],
    ['POST', 'v1/rooms', true, ({ user, body }) => house.facts(house.makeRoom(body, user), user)],
    ['POST', 'v1/directs', true, ({ user, body }) => {
      const known = [...house.rooms.values()].find((room) => room.kind === 'direct' && room.members.has(user) && room.members.has(body.user));
      const room = known ?? house.makeRoom({ kind: 'direct', visibility: 'private' }, user);
      house.change(room.id, body.user, 'joined', user);
      return house.facts(room, user);
    }],
    ['POST', 'v1/rooms/:id/join', true, ({ user, id }) => {
      house.change(id, user, 'joined', user);
      return { user: house.person(user), role: 'member' };
    }],
    ['POST', 'v1/rooms/:id/leave', true, ({ user, id }) => {
      if (house.room(id).members.get(user) === 'owner') throw new Refusal('conflict', 409);
      house.change(id, user, 'left', user);
    }],
    ['DELETE', 'v1/rooms/:id', true, ({ user, id }) => house.dissolve(id, user)],
    ['GET', 'v1/rooms/:id/members', true, ({ id }) => listed([...house.room(id).members].map(([user, role]) => ({ user: house.person(user), role })))],
    ['PUT', 'v1/rooms/:id/members/:other', true, ({ user, id, other }) => house.invite(id, other, user)],
    ['GET', 'v1/invitations', true, ({ user }) => listed(house.invitationsOf(user))],
    ['POST', 'v1/invitations/:id/accept', true, ({ user, id }) => house.answer(id, user, true)],
    ['POST', 'v1/invitations/:id/refuse', true, ({ user, id }) => house.answer(id, user, false)],
    ['DELETE', 'v1/rooms/:id/members/:other', true, ({ user, id, other }) => house.change(id, other, 'kicked', user)],
    ['GET', 'v1/rooms/:id/messages', true, ({ id, query }) => house.history(house.room(id), query)],
    ['POST', 'v1/rooms/:id/messages', true, ({ user, id, body }) => {
      house.say({ user, send() {} }, { room: id, id: body.client_id, content: body.content });
      return {};
    }],
    ['GET', 'v1/rooms/:id/join-requests', true, ({ id }) => house.plugins.joinRequests(id)],
    ['POST', 'v1/rooms/:id/join-requests/:other/accept', true, ({ user, id, other }) => {
      house.plugins.answerJoin(id);
      house.change(id, other, 'joined', user);
    }],
    ['POST', 'v1/rooms/:id/join-requests/:other/refuse', true, ({ id }) => house.plugins.answerJoin(id)],
    ['GET', 'v1/rooms/:id/held/mine', true, ({ user, id }) => house.plugins.heldOf(user, id)],
    ['GET', 'v1/rooms/:id/reviews', true, ({ id }) => house.plugins.reviews(id)],
    ['POST', 'v1/reviews/:id/close', true, ({ id }) => house.plugins.closeReview(id)],
    ['DELETE', 'v1/messages/:id', true, ({ user, id }) => house.recall(id, user)],
    ['GET', 'v1/rooms/:id/held', true, ({ id }) => house.plugins.held(id)],
    ['POST', 'v1/held/:id/release', true, ({ id }) => house.plugins.decide(id, true)],
    ['POST', 'v1/held/:id/refuse', true, ({ id, body }) => house.plugins.decide(id, false, body.reason)],
    ['GET', 'v1/rooms/:id/commands', true, () => house.plugins.commands()],
    ['GET', 'v1/rooms/:id/events', true, ({ id, query }) => house.events(house.room(id), query)],
  ];

  /** Answers one REST call, or undefined where the path isn't one of them. */
  function call(method, path, query, body, token) {
    if (!hasSimulator && path.startsWith('wechat-sim')) throw new Refusal('not_found', 404);
    for (const [wanted, pattern, needsSession, act] of calls) {
      const found = wanted === method && match(pattern, path);
      if (!found) continue;
      if (needsSession && !tokens.has(token)) throw new Refusal('session_expired', 401);
      return act({ ...found, query, body, user: tokens.get(token), token }) ?? null;
    }
    return undefined;
  }

  /** Greets a connection; what is returned takes its frames, and its end. */
  function connect(token, send, close) {
    const user = tokens.get(token);
    if (!user) return null;
    const connection = { user, token, send, close };
    house.connections.add(connection);
    send({ type: 'hello', session: uuid(), user: house.users.get(user), server_time: new Date().toISOString(), heartbeat_s: 30, lobby: house.lobby, limits: { text_chars: 4000 } });
    return { receive: (frame) => receive(house, connection, frame), leave: () => house.connections.delete(connection) };
  }

  return { call, connect };
}

const listed = (items) => ({ items, next: null });

function match(pattern, path) {
  const names = [...pattern.matchAll(/:(\w+)/g)].map(([, name]) => name);
  const found = new RegExp(`^${pattern.replace(/:\w+/g, '([^/]+)')}$`).exec(path);
  return found && Object.fromEntries(names.map((name, i) => [name, found[i + 1]]));
}

function receive(house, connection, frame) {
  const { user, send } = connection;
  const mine = [...house.rooms.values()].filter((room) => room.members.has(user));
  const acts = {
    ping: () => send({ type: 'pong' }),
    listen: () => send({ type: 'heads', rooms: mine.map((room) => house.head(room, user)) }),
    join: () => join(house, connection, frame),
    leave: () => send({ type: 'left', room: frame.room }),
    msg: () => house.say(connection, frame),
    read: () => {
      house.room(frame.room).read.set(user, frame.seq);
      house.tell(house.room(frame.room), { type: 'receipt', room: frame.room, user, seq: frame.seq });
    },
    press: () => house.plugins.press(user, send, frame),
    typing: () => house.tell(house.room(frame.room), { type: 'typing', room: frame.room, user }, connection),
    presence: () => {
      const online = new Set([...house.connections].map((other) => other.user));
      const state = (id) => (online.has(id) ? 'online' : { last_seen: new Date().toISOString() });
      send({ type: 'presence', users: Object.fromEntries(frame.users.map((id) => [id, state(id)])) });
    },
  };
  try {
    (acts[frame.type] ?? (() => house.amend(connection, frame)))();
  } catch (refusal) {
    const { by, reason, rule } = refusal;
    send({ type: 'error', id: frame.id, code: refusal.code ?? 'internal', message: String(refusal), by, reason, rule });
  }
}

function join(house, connection, { room: id, since, limit = 500 }) {
  const room = house.room(id);
  const online = new Set([...house.connections].map((other) => other.user).filter((user) => room.members.has(user)));
  connection.send({ type: 'joined', room: id, last_seq: room.log.length, members_online: online.size, role: room.members.get(connection.user), unread: 0 });
  if (since === undefined) return;
  const missed = room.log.slice(since);
  for (const event of missed.slice(0, limit)) connection.send(event);
  if (missed.length > limit) connection.send({ type: 'gap', room: id, from: since + limit + 1, to: room.log.length });
}
