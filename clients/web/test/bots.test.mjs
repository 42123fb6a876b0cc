import assert from 'node:assert/strict';
import test from 'node:test';
import { rowsOf } from '../core/rows.js';
import { come, msg, stage } from './chat-stage.mjs';

const AT = '2025-01-01T00:00:00.000Z';
const BOT = { id: 'bot', name: 'Polls', is_bot: true };
const CARD = { kind: 'card', content: { title: 'Tea?', buttons: [{ id: 'yes', label: 'Yes', row: 0 }] } };

function rows({ chat }) {
  const room = chat.rooms.find('r1');
  const all = rowsOf({ room, waiting: chat.waiting('r1'), me: 'ann', people: chat.people, readBefore: null, pressOn: (id) => chat.pressOn(id) });
  return all.filter((row) => row.type === 'message');
}

/** A room with a card in it. */
async function withCard() {
  const on = stage();
  await come(on);
  await on.chat.openRoom('r1');
  on.Socket.last.say(msg(1, '', BOT, CARD));
  return on;
}

const press = (on) => rows(on)[0].press;
const frame = (on) => on.Socket.last.sentOf('press').at(-1);

test('a press waits for its answer, shows that it arrived, and then the button is as before', async () => {
  const on = await withCard();
  assert.equal(press(on), null);
  on.chat.press('r1', 'm1', 'yes');
  assert.deepEqual([frame(on).message, frame(on).button], ['m1', 'yes']);
  assert.deepEqual(press(on), { button: 'yes', state: 'waiting', code: null });
  on.chat.press('r1', 'm1', 'yes');
  assert.equal(on.Socket.last.sentOf('press').length, 1, 'a second press while one is under way');
  on.Socket.last.say({ type: 'ack', id: frame(on).id, message: 'm1', state: 'sent', at: AT });
  assert.equal(press(on).state, 'done');
  on.clock.advance(5_000);
  assert.equal(press(on), null);
});

test('a press that is refused, unanswered, or made without a connection says so, and may be tried again', async () => {
  const on = await withCard();
  on.chat.press('r1', 'm1', 'yes');
  on.Socket.last.say({ type: 'error', id: frame(on).id, code: 'message_not_found', message: '' });
  assert.deepEqual(press(on), { button: 'yes', state: 'failed', code: 'message_not_found' });
  on.chat.press('r1', 'm1', 'yes');
  on.clock.advance(15_000);
  assert.equal(press(on).code, 'no_answer');
  on.chat.press('r1', 'm1', 'yes');
  on.Socket.last.drop();
  assert.equal(press(on).code, 'network');
  on.chat.press('r1', 'm1', 'yes');
  assert.equal(press(on).code, 'network');
});

test('what a bot tells me alone stands where it came, counts for nothing, and goes when put away', async () => {
  const on = await withCard();
  const told = [];
  on.chat.on('whisper', ({ id }) => told.push(id));
  on.chat.markRead('r1');
  on.Socket.last.say({ type: 'ephemeral', id: 'w1', room: 'r1', sender: BOT, kind: 'text', content: 'thanks', reply_to: 'm1', at: AT });
  on.Socket.last.say(msg(2, 'later'));
  assert.deepEqual(rows(on).map(({ id, isWhisper }) => [id, Boolean(isWhisper)]), [['m1', false], ['w1', true], ['m2', false]]);
  assert.equal(rows(on)[1].quote.id, 'm1');
  assert.equal(on.chat.rooms.find('r1').unread, 1, 'the message, not the whisper');
  assert.deepEqual(told, ['w1']);
  on.chat.dismiss('r1', 'w1');
  assert.deepEqual(rows(on).map(({ id }) => id), ['m1', 'm2']);
});

test('an edited card shows its new content, and no mark of an edit takes its place', async () => {
  const on = await withCard();
  const content = { title: 'Tea?', text: '1 vote', buttons: CARD.content.buttons };
  on.Socket.last.say({ type: 'edited', room: 'r1', seq: 2, message: 'm1', by: 'bot', content, at: AT });
  assert.deepEqual(rows(on)[0].content, content);
});

test('a bot is known as one wherever it was met', async () => {
  const on = await withCard();
  assert.equal(on.chat.people.find('bot').is_bot, true);
  assert.equal(on.chat.people.find('bob').is_bot, undefined);
});
