/** A whole chat on a stage: one room `r1`, me as `ann`, and `bob` on the other side. */

import { Chat } from '../core/chat.js';
import { Connection } from '../core/connection.js';
import { HandClock, memoryStorage, scriptedRest, settle, socketClass } from './stage.mjs';

export const ANN = { id: 'ann', name: 'Ann' };
export const BOB = { id: 'bob', name: 'Bob' };

export function msg(seq, content, sender = BOB, more = {}) {
  return { type: 'msg', id: `m${seq}`, room: 'r1', seq, sender, kind: 'text', content, at: '2025-01-01T00:00:00.000Z', ...more };
}

/** The room's texts in the order in which the page shows them. */
export function texts(chat, room = 'r1') {
  return chat.rooms.find(room).timeline.items().filter((item) => item.message).map((item) => item.message.content);
}

export function stage({ answers = {}, storage = memoryStorage() } = {}) {
  const clock = new HandClock();
  const Socket = socketClass();
  const rest = scriptedRest({
    'v1/rooms': { items: [{ id: 'r1', name: 'Room', kind: 'group', visibility: 'public' }], next: null },
    'v1/rooms/r1/messages': { items: [], next: null },
    ...answers,
  });
  const connection = new Connection({ url: () => 'ws://test/ws', Socket, clock });
  let made = 0;
  const chat = new Chat({ me: ANN, rest, connection, storage, clock, uuid: () => `c${++made}` });
  return { clock, Socket, rest, chat, storage, connection };
}

/** Connects, and tells where the room stands. */
export async function come(on, head = {}) {
  if (on.Socket.all.length === 0) on.chat.start();
  on.Socket.last.say({ type: 'hello', user: ANN, heartbeat_s: 30, lobby: 'r1', limits: {} });
  on.Socket.last.say({ type: 'heads', rooms: [{ room: 'r1', last_seq: 0, read_seq: 0, unread: 0, ...head }] });
  await settle();
}

/** Cuts the connection and lets the page come back to it. */
export async function comeBack(on, head) {
  on.Socket.last.drop();
  on.clock.advance(60_000);
  await come(on, head);
}
