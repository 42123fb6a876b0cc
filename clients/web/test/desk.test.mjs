import assert from 'node:assert/strict';
import test from 'node:test';
import { Desk } from '../core/desk.js';
import { Problem } from '../core/rest.js';
import { come, comeBack, stage } from './chat-stage.mjs';
import { HandClock, settle } from './stage.mjs';

const HELD = { id: 'h1', sender: { id: 'bob', name: 'Bob' }, kind: 'text', content: 'hm' };

/** A desk whose lists are `lists`, and whose posts are answered by `answer(path, body)`. */
function desk(lists = {}, answer = async () => null) {
  const clock = new HandClock();
  const asked = [];
  const get = async (path) => {
    asked.push(path);
    const list = lists[path.split('/').at(-1)] ?? [];
    if (list instanceof Error) throw list;
    return { items: list, next: null };
  };
  const post = (path, body) => {
    asked.push(path);
    return answer(path, body);
  };
  return { one: new Desk({ rest: { get, post, delete: post }, clock }), clock, asked, lists };
}

const keys = ({ one }, list = 'held') => one.of('r1')[list].map(({ key }) => key);

test('what waits in a room is read from three lists, and counted', async () => {
  const on = desk({ held: [HELD], reviews: [{ id: 'v1' }], 'join-requests': [{ user: { id: 'eve' } }] });
  assert.equal(on.one.of('r1').state, 'unread');
  await on.one.read('r1');
  assert.deepEqual([on.one.of('r1').state, on.one.count('r1'), keys(on), keys(on, 'requests')], ['read', 3, ['h1'], ['eve']]);
});

test('a burst of changes is read once', async () => {
  const on = desk();
  for (let i = 0; i < 10; i += 1) on.one.stale('r1');
  assert.equal(on.asked.length, 0);
  on.clock.advance(250);
  await settle();
  assert.equal(on.asked.length, 3);
});

test('what is decided is gone, and a second press does nothing', async () => {
  let finish;
  const on = desk({ held: [HELD] }, () => new Promise((resolve) => (finish = resolve)));
  await on.one.read('r1');
  const first = on.one.refuse('r1', 'h1', '');
  assert.equal(on.one.of('r1').held[0].act.state, 'waiting');
  assert.equal(await on.one.release('r1', 'h1'), 'failed');
  finish(null);
  assert.equal(await first, 'done');
  assert.deepEqual(keys(on), []);
  assert.equal(on.asked.filter((path) => path.startsWith('v1/held')).length, 1);
});

test('who comes second is told that it is settled; what fails says why and stays', async () => {
  let status = 409;
  const on = desk({ held: [HELD] }, async () => {
    throw new Problem({ status, code: 'conflict' });
  });
  await on.one.read('r1');
  assert.equal(await on.one.release('r1', 'h1'), 'settled');
  assert.deepEqual(keys(on), []);
  await on.one.read('r1');
  status = 503;
  assert.equal(await on.one.release('r1', 'h1'), 'failed');
  assert.deepEqual(on.one.of('r1').held[0].act, { state: 'failed', code: 'conflict' });
});

test('a list that can not be read says so; who may not look sees nothing, and hears nothing', async () => {
  const on = desk({ held: new Problem({ status: 500, code: 'internal' }) });
  await on.one.read('r1');
  assert.deepEqual([on.one.of('r1').state, on.one.of('r1').code], ['failed', 'internal']);
  on.lists.held = new Problem({ status: 403, code: 'not_allowed' });
  await on.one.read('r1');
  assert.equal(on.one.of('r1').state, 'unread');
});

test('only who keeps order in a room is asked to look, and again when the server says so', async () => {
  const lists = Object.fromEntries(['held', 'reviews', 'join-requests'].map((list) => [`v1/rooms/r1/${list}`, { items: [], next: null }]));
  const looked = ({ rest }) => rest.calls.filter(({ path }) => path.endsWith('/reviews')).length;
  const member = stage();
  await come(member);
  await member.chat.openRoom('r1');
  assert.equal(looked(member), 0);
  const owner = stage({ answers: { ...lists, 'v1/rooms': { items: [{ id: 'r1', name: 'Room', kind: 'group', role: 'owner' }] } } });
  await come(owner);
  await owner.chat.openRoom('r1');
  await settle();
  const before = looked(owner);
  assert.ok(before > 0);
  owner.Socket.last.say({ type: 'waiting', room: 'r1' });
  owner.clock.advance(250);
  await settle();
  assert.equal(looked(owner), before + 1);
});

test('what waits in rooms that are not open is counted from the start, and anew after a time without a connection', async () => {
  const rooms = ['r1', 'r2'].map((id) => ({ id, name: id, kind: 'group', role: 'owner' }));
  const lists = Object.fromEntries(['r1', 'r2'].flatMap((room) => ['held', 'reviews', 'join-requests'].map((list) => [`v1/rooms/${room}/${list}`, { items: list === 'held' ? [HELD] : [], next: null }])));
  const on = stage({ answers: { ...lists, 'v1/rooms': { items: [...rooms, { id: 'r3', name: 'r3', kind: 'group', role: 'member' }], next: null } } });
  const looked = () => on.rest.calls.filter(({ path }) => path.endsWith('/reviews')).length;
  await come(on);
  await settle();
  assert.deepEqual(['r1', 'r2', 'r3'].map((room) => on.chat.desk.count(room)), [1, 1, 0]);
  const before = looked();
  await on.chat.refreshRooms();
  await settle();
  assert.equal(looked(), before, 'what is known is not asked for again');
  await comeBack(on);
  await settle();
  assert.equal(looked(), before + 2);
});
