import assert from 'node:assert/strict';
import test from 'node:test';
import { rowsOf } from '../core/rows.js';
import { ANN, come, msg, stage } from './chat-stage.mjs';
import { memoryStorage, settle } from './stage.mjs';

const AT = '2023-11-14T22:13:00.000Z';
const MINE = 'v1/rooms/r1/held/mine';
const held = (id, more = {}) => ({ id, client_id: `c-${id}`, state: 'held', room: 'r1', kind: 'text', content: `hm ${id}`, at: AT, ...more });
const refused = (id, more = {}) => held(id, { state: 'refused', decided_at: AT, reason: 'no contacts', ...more });

function rows({ chat }) {
  const room = chat.rooms.find('r1');
  const all = rowsOf({ room, waiting: chat.waiting('r1'), me: 'ann', people: chat.people, readBefore: null, edits: chat.waitingEdits('r1') });
  return all.filter((row) => row.type === 'message');
}

/** A page that has just been opened, where the server keeps `items` of mine. */
async function opened(items, storage = memoryStorage()) {
  const answers = { [MINE]: () => ({ items }) };
  const on = stage({ answers, storage });
  await come(on);
  await on.chat.openRoom('r1');
  await settle();
  return on;
}

test('what waits is there on a page that never sent it, and goes into the room when it is let through', async () => {
  const on = await opened([held('m1')]);
  assert.deepEqual(rows(on).map(({ content, state }) => [content, state]), [['hm m1', 'held']]);
  on.Socket.last.say(msg(1, 'hm m1', ANN, { id: 'm1', client_id: 'c-m1' }));
  assert.deepEqual(rows(on).map(({ content, state }) => [content, state]), [['hm m1', 'sent']]);
});

test('what this page sent itself stands there once', async () => {
  const items = [];
  const on = await opened(items);
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  items.push(held('m9', { client_id: 'c1', content: 'hm' }));
  await on.chat.openRoom('r1');
  await settle();
  assert.equal(rows(on).length, 1);
});

test('a refusal is found again with its reason, and put away for good', async () => {
  const storage = memoryStorage();
  const on = await opened([refused('m1'), held('m2')], storage);
  const first = rows(on).find(({ state }) => state === 'failed');
  assert.deepEqual([first.code, first.why.reason], ['held_refused', 'no contacts']);
  on.chat.discard('r1', first.key);
  assert.deepEqual(rows(on).map(({ state }) => state), ['held']);
  const again = await opened([refused('m1'), held('m2')], storage);
  assert.deepEqual(rows(again).map(({ state }) => state), ['held']);
});

test('a refusal of long ago needs no word any more', async () => {
  const on = await opened([refused('m1', { decided_at: '2023-11-01T00:00:00.000Z' })]);
  assert.deepEqual(rows(on), []);
});

test('a held message that was refused while nobody listened says so, and why', async () => {
  const items = [];
  const on = await opened(items);
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  items.push(refused('m9', { client_id: 'c1' }));
  on.Socket.last.say({ type: 'notice', kind: 'held_refused', room: 'r1', message: 'm9', text: 'in two languages', at: AT });
  await settle();
  const [row] = rows(on);
  assert.deepEqual([row.state, row.code, row.why.reason], ['failed', 'held_refused', 'no contacts']);
});

test('what waits is taken back, here and on the server', async () => {
  const on = await opened([held('m1')]);
  assert.equal(on.chat.withdraw('r1', 'c-m1'), true);
  assert.deepEqual(on.Socket.last.sentOf('recall').map(({ message }) => message), ['m1']);
  assert.deepEqual(rows(on), []);
});

test('an edit that waits is said below its message, also on a page that did not make it', async () => {
  const on = await opened([{ id: 'e1', edit_of: 'm1', state: 'held', room: 'r1', content: 'other', at: AT }]);
  on.Socket.last.say(msg(1, 'mine', ANN));
  assert.deepEqual(rows(on).map(({ content, editWaits }) => [content, editWaits]), [['mine', true]]);
});

test('an edit that a filter changed says so, whichever of its two answers comes first', async () => {
  const on = await opened([]);
  on.Socket.last.say(msg(1, 'mine', ANN));
  const ack = { type: 'ack', id: 'x', message: 'm1', state: 'sent', seq: 2, at: AT, replaced: { by: 'Words', note: 'be kind', content: 'm**e' } };
  const edited = (seq, content) => ({ type: 'edited', room: 'r1', seq, message: 'm1', by: 'ann', content, at: AT });
  on.Socket.last.say(ack, edited(2, 'm**e'));
  assert.deepEqual(rows(on)[0].replaced, { by: 'Words', note: 'be kind' });
  on.Socket.last.say(edited(3, 'other'));
  assert.equal(rows(on)[0].replaced, null);
  on.Socket.last.say(edited(4, 'm**e'), { ...ack, seq: 4 });
  assert.deepEqual(rows(on)[0].replaced, { by: 'Words', note: 'be kind' });
});
