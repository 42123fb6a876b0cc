import assert from 'node:assert/strict';
import test from 'node:test';
import { RoomLog } from '../core/room-log.js';

const event = (seq) => ({ type: 'msg', seq });
const seqs = (events) => events.map(({ seq }) => seq);

function logAfter(seq) {
  const log = new RoomLog();
  log.startAfter(seq);
  return log;
}

test('events in order pass through one by one', () => {
  const log = logAfter(0);
  assert.deepEqual([1, 2, 3].flatMap((seq) => seqs(log.offer(event(seq)))), [1, 2, 3]);
  assert.equal(log.hole(), null);
});

test('a duplicate is dropped, whether it was applied or still waits', () => {
  const log = logAfter(0);
  log.offer(event(1));
  assert.deepEqual(log.offer(event(1)), []);
  log.offer(event(3));
  log.offer(event(3));
  assert.deepEqual(seqs(log.offer(event(2))), [2, 3]);
});

test('an early event waits, and the hole before it is named', () => {
  const log = logAfter(10);
  assert.deepEqual(log.offer(event(13)), []);
  assert.deepEqual(log.hole(), { from: 11, to: 12 });
  assert.deepEqual(seqs(log.offer(event(12))), []);
  assert.deepEqual(log.hole(), { from: 11, to: 11 });
  assert.deepEqual(seqs(log.offer(event(11))), [11, 12, 13]);
  assert.equal(log.cursor, 13);
});

test('a room that has moved on has a hole even with nothing in hand', () => {
  const log = logAfter(4);
  log.heard(6);
  assert.deepEqual(log.hole(), { from: 5, to: 6 });
});

test('any order of arrival comes out dense and in order', () => {
  // A fixed linear congruential generator: the same shuffles every time.
  let state = 42;
  const next = (below) => ((state = (state * 1664525 + 1013904223) >>> 0), state % below);
  for (let round = 0; round < 200; round += 1) {
    const arrivals = Array.from({ length: 30 }, (_, i) => i + 1).flatMap((seq) => (next(3) === 0 ? [seq, seq] : [seq]));
    for (let i = arrivals.length - 1; i > 0; i -= 1) {
      const j = next(i + 1);
      [arrivals[i], arrivals[j]] = [arrivals[j], arrivals[i]];
    }
    const log = logAfter(0);
    const out = arrivals.flatMap((seq) => seqs(log.offer(event(seq))));
    assert.deepEqual(out, Array.from({ length: 30 }, (_, i) => i + 1), `arrivals ${arrivals}`);
  }
});

test('starting later forgets what waited before, and lets go what is due', () => {
  const log = logAfter(0);
  log.offer(event(5));
  log.offer(event(7));
  assert.deepEqual(seqs(log.startAfter(6)), [7]);
});
