import assert from 'node:assert/strict';
import test from 'node:test';
import { uuidMaker } from '../core/uuid.js';

test('a client id is a version 7 UUID that carries the time', () => {
  const id = uuidMaker(() => 0x0199aa001122)();
  assert.match(id, /^0199aa00-1122-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('ids grow within one millisecond, also when the counter overflows and when the clock goes back', () => {
  const times = [...Array(6000).fill(1000), 900, 900];
  const make = uuidMaker(() => times.shift());
  const ids = Array.from({ length: 6002 }, make);
  assert.deepEqual(ids, [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
});
