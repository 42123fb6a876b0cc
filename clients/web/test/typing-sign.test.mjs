import assert from 'node:assert/strict';
import test from 'node:test';
import { TypingSign } from '../core/typing-sign.js';
import { HandClock } from './stage.mjs';

function signs() {
  const clock = new HandClock();
  const sent = [];
  return { clock, sent, sign: new TypingSign({ send: (frame) => Boolean(sent.push(frame.room)) }, clock) };
}

test('many keys are one sign, and the next comes when the server would pass it on', () => {
  const { clock, sent, sign } = signs();
  for (let i = 0; i < 5; i += 1) sign.pressed('r');
  assert.equal(sent.length, 1);
  clock.advance(3_499);
  assert.equal(sent.length, 1);
  clock.advance(1);
  assert.equal(sent.length, 2);
});

test('what was sent needs no sign any more', () => {
  const { clock, sent, sign } = signs();
  sign.pressed('r');
  sign.pressed('r');
  sign.done('r');
  clock.advance(10_000);
  assert.equal(sent.length, 1);
});

test('each room has its own', () => {
  const { sent, sign } = signs();
  sign.pressed('a');
  sign.pressed('b');
  assert.deepEqual(sent, ['a', 'b']);
});
