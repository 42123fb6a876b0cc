import assert from 'node:assert/strict';
import test from 'node:test';
import { People } from '../core/people.js';
import { Room } from '../core/room-book.js';
import { rowsOf } from '../core/rows.js';
import { ANN, BOB, msg } from './chat-stage.mjs';

const at = (day, minute) => new Date(2025, 4, day, 12, minute).toISOString();

function rows(messages, { waiting = [], readBefore = null, receipts = [] } = {}) {
  const room = new Room('r1');
  for (const message of messages) room.timeline.add(message);
  for (const [user, seq] of receipts) room.receipts.set(user, seq);
  const people = new People();
  people.met(ANN);
  return rowsOf({ room, waiting, me: 'ann', people, readBefore });
}

test('each day begins with its own row', () => {
  const types = rows([msg(1, 'a', BOB, { at: at(1, 0) }), msg(2, 'b', BOB, { at: at(2, 0) })]).map((row) => row.type);
  assert.deepEqual(types, ['day', 'message', 'day', 'message']);
});

test('messages of one person close together are a group', () => {
  const [, a, b, c, d] = rows([
    msg(1, 'a', BOB, { at: at(1, 0) }),
    msg(2, 'b', BOB, { at: at(1, 1) }),
    msg(3, 'c', BOB, { at: at(1, 30) }),
    msg(4, 'd', ANN, { at: at(1, 31) }),
  ]);
  const marks = [a, b, c, d].map((row) => [row.isFirstOfGroup, row.isLastOfGroup]);
  assert.deepEqual(marks, [[true, false], [false, true], [true, true], [true, true]]);
});

test('the line before new messages stands once, and not above everything', () => {
  const types = rows([msg(1, 'a', BOB, { at: at(1, 0) }), msg(2, 'b', BOB, { at: at(1, 1) })], { readBefore: 1 });
  assert.deepEqual(types.map((row) => row.type), ['day', 'message', 'unread', 'message']);
  assert.deepEqual(rows([msg(1, 'a')], { readBefore: 0 }).map((row) => row.type), ['day', 'message']);
});

test('a message keeps its key from waiting to sent', () => {
  const entry = { id: 'c1', room: 'r1', content: 'x', at: at(1, 0), state: 'sending' };
  const waiting = rows([], { waiting: [entry] }).at(-1);
  const sent = rows([msg(1, 'x', ANN, { client_id: 'c1' })]).at(-1);
  assert.equal(waiting.key, sent.key);
  assert.deepEqual([waiting.state, sent.state], ['sending', 'sent']);
});

test('my newest message says how many have read it', () => {
  const [, first, second] = rows([msg(1, 'a', ANN), msg(3, 'b', ANN)], { receipts: [['bob', 3], ['cy', 2], ['ann', 3]] });
  assert.equal(first.readBy, undefined);
  assert.equal(second.readBy, 1);
});
