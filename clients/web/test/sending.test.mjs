import assert from 'node:assert/strict';
import test from 'node:test';
import { come, comeBack, msg, ANN, stage, texts } from './chat-stage.mjs';

const ack = (id, seq) => ({ type: 'ack', id, message: `m${seq}`, state: 'sent', seq, at: '2025-01-01T00:00:00.000Z' });
const contents = (socket) => socket.sentOf('msg').map((frame) => frame.content);
const ids = (socket) => socket.sentOf('msg').map((frame) => frame.id);

test('a message is shown as sending until its ack, and then stands in the log', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'two cups, please');
  assert.deepEqual(on.chat.waiting('r1').map((entry) => entry.state), ['sending']);
  on.Socket.last.say(ack('c1', 1));
  assert.deepEqual(on.chat.waiting('r1'), []);
  assert.deepEqual(texts(on.chat), ['two cups, please']);
  assert.equal(on.chat.rooms.find('r1').log.cursor, 1);
});

test('messages go one at a time, in the order in which they were written', async () => {
  const on = stage();
  await come(on);
  for (const text of ['a', 'b', 'c']) on.chat.write('r1', text);
  assert.deepEqual(contents(on.Socket.last), ['a']);
  on.Socket.last.say(ack('c1', 1));
  assert.deepEqual(contents(on.Socket.last), ['a', 'b']);
  on.Socket.last.say(ack('c2', 2), ack('c3', 3));
  assert.deepEqual(texts(on.chat), ['a', 'b', 'c']);
});

test('an ack that overtakes the events before it is shown in its place once they come', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'mine');
  on.Socket.last.say(ack('c1', 3));
  assert.deepEqual(texts(on.chat), ['mine']);
  on.Socket.last.say(msg(1, 'first'), msg(2, 'second'));
  assert.deepEqual(texts(on.chat), ['first', 'second', 'mine']);
  assert.equal(on.chat.rooms.find('r1').log.cursor, 3);
});

test('the echo of my own message from another connection and its ack make one message', async () => {
  for (const order of [['ack', 'echo'], ['echo', 'ack']]) {
    const on = stage();
    await come(on);
    on.chat.write('r1', 'once');
    const frames = { ack: ack('c1', 1), echo: msg(1, 'once', ANN, { client_id: 'c1' }) };
    for (const which of order) on.Socket.last.say(frames[which]);
    assert.deepEqual(texts(on.chat), ['once'], order.join());
    assert.deepEqual(on.chat.waiting('r1'), []);
  }
});

test('what was written offline goes out on reconnect; a lost ack is asked for with the same id', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'ack was lost');
  on.Socket.last.drop();
  on.chat.write('r1', 'offline one');
  on.chat.write('r1', 'offline two');
  on.clock.advance(60_000);
  await come(on, { last_seq: 0 });
  assert.deepEqual(ids(on.Socket.last), ['c1']);
  on.Socket.last.say(ack('c1', 1), ack('c2', 2), ack('c3', 3));
  assert.deepEqual(ids(on.Socket.last), ['c1', 'c2', 'c3']);
  assert.deepEqual(texts(on.chat), ['ack was lost', 'offline one', 'offline two']);
  assert.deepEqual(on.chat.waiting('r1'), []);
});

test('the resume shows my message before its second ack: one message, and it is not sent again', async () => {
  const on = stage();
  await come(on);
  await on.chat.openRoom('r1');
  on.chat.write('r1', 'already there');
  await comeBack(on, { last_seq: 1 });
  on.Socket.last.say({ type: 'joined', room: 'r1', last_seq: 1, members_online: 2, unread: 0 });
  on.Socket.last.say(msg(1, 'already there', ANN, { client_id: 'c1' }), ack('c1', 1));
  assert.deepEqual(texts(on.chat), ['already there']);
  assert.deepEqual(on.chat.waiting('r1'), []);
  assert.deepEqual(ids(on.Socket.last), ['c1']);
});

test('a refused message stays, says why, and a retry sends the same id', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'error', id: 'c1', code: 'muted', message: 'muted' });
  const [failed] = on.chat.waiting('r1');
  assert.deepEqual([failed.state, failed.code], ['failed', 'muted']);
  on.chat.retry('c1');
  assert.deepEqual(ids(on.Socket.last), ['c1', 'c1']);
});

test('an unanswered message fails after a while, and its late ack still settles it', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'slow');
  on.clock.advance(15_000);
  assert.equal(on.chat.waiting('r1')[0].code, 'no_answer');
  on.Socket.last.say(ack('c1', 1));
  assert.deepEqual(on.chat.waiting('r1'), []);
  assert.deepEqual(texts(on.chat), ['slow']);
});

test('too fast is not a failure: the message goes out again after the time that the server names', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'a');
  on.chat.write('r1', 'b');
  on.Socket.last.say({ type: 'error', id: 'c1', code: 'rate_limited', message: '', retry_after_ms: 700 });
  assert.deepEqual(contents(on.Socket.last), ['a']);
  on.clock.advance(700);
  assert.deepEqual(contents(on.Socket.last), ['a', 'a']);
  on.Socket.last.say(ack('c1', 1));
  assert.deepEqual(contents(on.Socket.last), ['a', 'a', 'b']);
});

test('a held message is not sent again, and gives way to the message when it is released', async () => {
  const on = stage();
  await come(on);
  on.chat.write('r1', 'judge me');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm1', state: 'held', at: '2025-01-01T00:00:00.000Z' });
  assert.equal(on.chat.waiting('r1')[0].state, 'held');
  on.Socket.last.say(msg(1, 'judge me', ANN, { client_id: 'c1' }));
  assert.deepEqual(on.chat.waiting('r1'), []);
});

test('the outbox survives a reloaded page', async () => {
  const first = stage();
  await come(first);
  first.Socket.last.drop();
  first.chat.write('r1', 'kept');
  const second = stage({ storage: first.storage });
  await come(second);
  assert.deepEqual(ids(second.Socket.last), ['c1']);
});
