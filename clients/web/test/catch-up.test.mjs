import assert from 'node:assert/strict';
import test from 'node:test';
import { BOB, come, comeBack, msg, stage, texts } from './chat-stage.mjs';
import { settle } from './stage.mjs';

const EVENTS = 'v1/rooms/r1/events';
const MESSAGES = 'v1/rooms/r1/messages';
const joined = (last_seq) => ({ type: 'joined', room: 'r1', last_seq, members_online: 1, role: 'member', unread: 0 });
const asked = (on, path) => on.rest.calls.filter((call) => call.path === path).map((call) => call.query);

/** Pages of a log that goes up to `last`, as the server gives them. */
const logUpTo = (last, page = 200) => ({ after }) => {
  const count = Math.min(page, last - after);
  return { items: Array.from({ length: count }, (_, i) => msg(after + 1 + i, `t${after + 1 + i}`)), next: null };
};

test('events that were missed come by join since, each once and in order', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [msg(1, 't1')] } } });
  await come(on, { last_seq: 1 });
  await on.chat.openRoom('r1');
  on.Socket.last.say(joined(1), msg(2, 't2'));
  await comeBack(on, { last_seq: 4 });
  assert.deepEqual(on.Socket.last.sentOf('join'), [{ type: 'join', room: 'r1', since: 2, limit: 200 }]);
  on.Socket.last.say(joined(4), msg(3, 't3'), msg(4, 't4'), msg(5, 't5'), msg(4, 't4'));
  assert.deepEqual(texts(on.chat), ['t1', 't2', 't3', 't4', 't5']);
  assert.deepEqual(asked(on, EVENTS), []);
});

test('a live event between the missed ones waits for them', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [msg(1, 't1')] } } });
  await come(on, { last_seq: 1 });
  await on.chat.openRoom('r1');
  await comeBack(on, { last_seq: 3 });
  on.Socket.last.say(msg(4, 't4'), joined(3), msg(2, 't2'), msg(3, 't3'));
  assert.deepEqual(texts(on.chat), ['t1', 't2', 't3', 't4']);
});

test('a gap is filled by pages of the log', async () => {
  const on = stage({ answers: { [EVENTS]: logUpTo(450), [MESSAGES]: { items: [msg(1, 't1')] } } });
  await come(on, { last_seq: 1 });
  await on.chat.openRoom('r1');
  await comeBack(on, { last_seq: 450 });
  on.Socket.last.say(joined(450), msg(2, 't2'), msg(3, 't3'), { type: 'gap', room: 'r1', from: 4, to: 450 }, msg(451, 't451'));
  await settle();
  await settle();
  assert.deepEqual(asked(on, EVENTS).map(({ after }) => after), [3, 203, 403]);
  assert.deepEqual(texts(on.chat), Array.from({ length: 451 }, (_, i) => `t${i + 1}`));
});

test('a jump in the live events is asked for, but not before it had time to close by itself', async () => {
  const on = stage({ answers: { [EVENTS]: logUpTo(3) } });
  await come(on, { last_seq: 1 });
  on.Socket.last.say(msg(3, 't3'));
  assert.deepEqual(asked(on, EVENTS), []);
  on.clock.advance(250);
  await settle();
  assert.deepEqual(asked(on, EVENTS).map(({ after }) => after), [1]);
  assert.deepEqual(texts(on.chat), ['t2', 't3']);
});

test('a hole that the server can no longer fill does not stop the room', async () => {
  const on = stage({ answers: { [EVENTS]: { items: [] } } });
  await come(on, { last_seq: 1 });
  on.Socket.last.say(msg(5, 't5'));
  on.clock.advance(250);
  await settle();
  assert.deepEqual(texts(on.chat), ['t5']);
});

test('after a very long absence the newest page replaces what was shown', async () => {
  let newest = { items: [msg(1, 't1')] };
  const on = stage({ answers: { [MESSAGES]: () => newest } });
  await come(on, { last_seq: 1 });
  await on.chat.openRoom('r1');
  newest = { items: [msg(5000, 't5000')] };
  await comeBack(on, { last_seq: 5000 });
  await settle();
  assert.deepEqual(texts(on.chat), ['t5000']);
  assert.deepEqual(asked(on, EVENTS), []);
});

test('a room nobody has opened is not replayed, and shows its newest page when opened', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [msg(8, 't8'), msg(9, 't9')] } } });
  await come(on, { last_seq: 3 });
  on.Socket.last.say(msg(4, 't4'));
  await comeBack(on, { last_seq: 9, unread: 5 });
  assert.deepEqual(on.Socket.last.sentOf('join'), []);
  assert.equal(on.chat.rooms.find('r1').unread, 5);
  await on.chat.openRoom('r1');
  assert.deepEqual(texts(on.chat), ['t8', 't9']);
});

test('an edit that happens while a page is under way is not undone by the page', async () => {
  let land;
  const on = stage({ answers: { [MESSAGES]: () => ({ items: [msg(1, 'old')] }) } });
  await come(on, { last_seq: 1 });
  const get = on.rest.get;
  on.rest.get = async (path, query) => {
    const answer = await get(path, query);
    if (path === MESSAGES) await new Promise((resolve) => (land = resolve));
    return answer;
  };
  const opened = on.chat.openRoom('r1');
  await settle();
  on.Socket.last.say({ type: 'edited', room: 'r1', seq: 2, message: 'm1', by: 'bob', content: 'new', at: '' });
  land();
  await opened;
  assert.deepEqual(texts(on.chat), ['new']);
});

test('unread counts others’ messages, not events, and not twice after a resume', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [] } } });
  await come(on);
  await on.chat.openRoom('r1');
  on.Socket.last.say(joined(0), msg(1, 'a'), { type: 'member', room: 'r1', seq: 2, user: BOB, change: 'joined', by: 'bob', at: '' });
  const room = on.chat.rooms.find('r1');
  assert.equal(room.unread, 1);
  await comeBack(on, { last_seq: 3, read_seq: 0, unread: 2 });
  on.Socket.last.say(joined(3), msg(3, 'b'));
  assert.equal(room.unread, 2);
  on.Socket.last.say(msg(4, 'c'));
  assert.equal(room.unread, 3);
  on.chat.markRead('r1');
  assert.equal(room.unread, 0);
  assert.deepEqual(on.Socket.last.sentOf('read'), [{ type: 'read', room: 'r1', seq: 4 }]);
});

test('with many rooms the heads come in parts, and the open room is resumed once', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [msg(1, 't1')] } } });
  await come(on, { last_seq: 1 });
  await on.chat.openRoom('r1');
  on.Socket.last.drop();
  on.clock.advance(60_000);
  on.Socket.last.say({ type: 'hello', user: { id: 'ann', name: 'Ann' }, heartbeat_s: 30, lobby: 'r1', limits: {} });
  const head = (room, last_seq) => ({ room, last_seq, read_seq: 0, unread: 1 });
  on.Socket.last.say({ type: 'heads', rooms: [head('r2', 7)], more: true });
  await settle();
  assert.deepEqual(on.Socket.last.sentOf('join'), []);
  assert.equal(on.chat.rooms.find('r2').unread, 1);
  on.Socket.last.say({ type: 'heads', rooms: [head('r1', 3)] });
  await settle();
  assert.equal(on.Socket.last.sentOf('join').length, 1);
  on.Socket.last.say(joined(3), msg(2, 't2'), msg(3, 't3'));
  assert.deepEqual(texts(on.chat), ['t1', 't2', 't3']);
});

test('what was read without a connection is told on coming back', async () => {
  const on = stage({ answers: { [MESSAGES]: { items: [] } } });
  await come(on);
  await on.chat.openRoom('r1');
  on.Socket.last.say(msg(1, 'a'));
  on.Socket.last.drop();
  on.chat.markRead('r1');
  on.clock.advance(60_000);
  await come(on, { last_seq: 1, read_seq: 0, unread: 1 });
  assert.deepEqual(on.Socket.last.sentOf('read'), [{ type: 'read', room: 'r1', seq: 1 }]);
  assert.equal(on.chat.rooms.find('r1').unread, 0);
});

test('older pages end where the room begins', async () => {
  const page = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => msg(from + i, `t${from + i}`));
  const on = stage({ answers: { [MESSAGES]: ({ before }) => ({ items: before ? page(1, 20) : page(21, 70) }) } });
  await come(on, { last_seq: 70 });
  await on.chat.openRoom('r1');
  assert.equal(await on.chat.loadOlder('r1'), true);
  assert.deepEqual(asked(on, MESSAGES).map(({ before }) => before), [undefined, 21]);
  assert.equal(texts(on.chat).length, 70);
  assert.equal(await on.chat.loadOlder('r1'), false);
});

test('reactions and recalls change the message they are about', async () => {
  const on = stage();
  await come(on);
  const about = { room: 'r1', message: 'm1', at: '' };
  on.Socket.last.say(msg(1, 'a'));
  on.Socket.last.say({ type: 'reaction', ...about, seq: 2, user: 'ann', emoji: '🍵', removed: false, count: 1 });
  on.Socket.last.say({ type: 'reaction', ...about, seq: 3, user: 'bob', emoji: '🍵', removed: false, count: 2 });
  on.Socket.last.say({ type: 'reaction', ...about, seq: 4, user: 'ann', emoji: '🍵', removed: true, count: 1 });
  const { timeline } = on.chat.rooms.find('r1');
  assert.deepEqual(timeline.message('m1').reactions, [{ emoji: '🍵', count: 1, mine: false }]);
  on.Socket.last.say({ type: 'recalled', ...about, seq: 5, by: 'bob' });
  assert.equal(timeline.message('m1').recalled, true);
  assert.deepEqual(timeline.message('m1').reactions, []);
});

test('after others came, the number of those online is asked again, once for all of them', async () => {
  const on = stage();
  await come(on);
  await on.chat.openRoom('r1');
  on.Socket.last.say(joined(0));
  const member = (seq) => ({ type: 'member', room: 'r1', seq, user: BOB, change: 'joined', by: 'bob', at: '' });
  on.Socket.last.say(member(1), member(2));
  on.clock.advance(8_000);
  assert.equal(on.Socket.last.sentOf('join').length, 2);
  on.Socket.last.say({ ...joined(2), members_online: 3 });
  assert.equal(on.chat.rooms.find('r1').membersOnline, 3);
});
