import assert from 'node:assert/strict';
import test from 'node:test';
import { rowsOf } from '../core/rows.js';
import { ANN, come, comeBack, msg, stage, texts } from './chat-stage.mjs';

const AT = '2025-01-01T00:00:00.000Z';

/** The rows of messages that the page shows. */
function rows({ chat }) {
  const room = chat.rooms.find('r1');
  const all = rowsOf({ room, waiting: chat.waiting('r1'), me: 'ann', people: chat.people, readBefore: null, pressOn: (id) => chat.pressOn(id) });
  return all.filter((row) => row.type === 'message');
}

async function opened() {
  const on = stage();
  await come(on);
  await on.chat.openRoom('r1');
  return on;
}

test('a refused message stays in its place with who and why, and waits for the person', async () => {
  const on = await opened();
  on.chat.write('r1', 'buy this');
  on.Socket.last.say({ type: 'error', id: 'c1', code: 'rejected', message: 'no', by: 'Words', reason: 'spam', rule: 'spam' });
  const [row] = rows(on);
  assert.deepEqual([row.state, row.code, row.why.by, row.why.reason], ['failed', 'rejected', 'Words', 'spam']);
  await comeBack(on);
  assert.equal(on.Socket.last.sentOf('msg').length, 0, 'not sent again by itself');
});

test('a held message waits, is let through in its place, and stands there once', async () => {
  const on = await opened();
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  assert.equal(rows(on)[0].state, 'held');
  on.Socket.last.say(msg(1, 'others talk'), { ...msg(2, 'hm', ANN), id: 'm9', client_id: 'c1' });
  assert.deepEqual(rows(on).map(({ content, state }) => [content, state]), [['others talk', 'sent'], ['hm', 'sent']]);
});

test('a held message that moderators refuse says so, in the words of the notice', async () => {
  const on = await opened();
  const told = [];
  on.chat.on('notice', (notice) => told.push(notice.text));
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  on.Socket.last.say({ type: 'notice', kind: 'held_refused', room: 'r1', message: 'm9', text: 'no contacts', at: AT });
  const [row] = rows(on);
  assert.deepEqual([row.state, row.code, row.why.detail], ['failed', 'held_refused', 'no contacts']);
  assert.deepEqual(told, [], 'it stands below the message: no second word about it');
  on.Socket.last.say({ type: 'notice', kind: 'held_refused', room: 'r1', message: 'other', text: 'another', at: AT });
  assert.deepEqual(told, ['another']);
});

test('what was decided about a held message while nobody listened is asked for', async () => {
  const on = await opened();
  on.chat.write('r1', 'hm');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  await comeBack(on);
  assert.deepEqual(on.Socket.last.sentOf('msg').map(({ id }) => id), ['c1']);
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'held', at: AT });
  assert.equal(rows(on)[0].state, 'held', 'still');
  on.Socket.last.drop();
  on.connection.open();
  await come(on);
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm9', state: 'sent', seq: 1, at: AT });
  assert.equal(rows(on)[0].state, 'sent');
});

test('a changed message shows what the room sees, and who changed it', async () => {
  const on = await opened();
  on.chat.write('r1', 'you fool');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm1', state: 'sent', seq: 1, at: AT, replaced: { by: 'Words', note: 'be kind', kind: 'text', content: 'you ****' } });
  const [row] = rows(on);
  assert.deepEqual([row.content, row.replaced], ['you ****', { by: 'Words', note: 'be kind' }]);
  on.Socket.last.say({ type: 'edited', room: 'r1', seq: 2, message: 'm1', by: 'ann', content: 'you friend', at: AT });
  assert.equal(rows(on)[0].replaced, null, 'my own words again');
});

test('a message that nobody else sees yet stands for its writer, and hides no other event', async () => {
  const on = await opened();
  on.Socket.last.say(msg(1, 'first'));
  on.chat.write('r1', 'unseen');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 's1', state: 'sent', seq: 1, at: AT });
  assert.deepEqual(texts(on.chat), ['first', 'unseen'], 'at a place that is taken');
  on.chat.write('r1', 'unseen too');
  on.Socket.last.say({ type: 'ack', id: 'c2', message: 's2', state: 'sent', seq: 2, at: AT }, msg(2, 'second'), msg(3, 'third'));
  assert.deepEqual(texts(on.chat).sort(), ['first', 'second', 'third', 'unseen', 'unseen too']);
  assert.equal(on.chat.rooms.find('r1').log.cursor, 3);
});

test('one from my other window that others do not see yet is shown here too', async () => {
  const on = await opened();
  on.Socket.last.say(msg(1, 'first'), { ...msg(1, 'unseen', ANN), id: 's1', client_id: 'elsewhere' }, msg(2, 'second'));
  assert.deepEqual(texts(on.chat), ['first', 'unseen', 'second']);
});

test('an edit that waits for moderators is said, and changes nothing', async () => {
  const on = await opened();
  const waiting = [];
  on.chat.on('editHeld', (message) => waiting.push(message));
  on.Socket.last.say(msg(1, 'mine', ANN));
  on.chat.edit('m1', 'other');
  on.Socket.last.say({ type: 'ack', id: 'c1', message: 'm1', state: 'held', at: AT });
  assert.deepEqual([waiting, texts(on.chat)], [['m1'], ['mine']]);
});
