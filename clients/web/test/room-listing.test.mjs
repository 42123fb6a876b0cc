import assert from 'node:assert/strict';
import test from 'node:test';
import { People } from '../core/people.js';
import { RoomBook } from '../core/room-book.js';
import { RoomListing } from '../core/room-listing.js';

/** A listing whose answers are given one by one by the test. */
function listing() {
  const rooms = new RoomBook();
  const gone = [];
  const waiting = [];
  const rest = { get: (path, query) => new Promise((resolve) => waiting.push({ query, resolve })) };
  const one = new RoomListing({ rest, rooms, people: new People(), gone: (id) => gone.push(id) });
  const answer = async (ids, next = null) => {
    waiting.shift().resolve({ items: ids.map((id) => ({ id, name: id })), next });
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { one, rooms, gone, waiting, answer };
}

test('all pages are read, and what is no longer listed is gone', async () => {
  const { one, rooms, gone, waiting, answer } = listing();
  rooms.enter('left');
  const read = one.refresh();
  await answer(['a'], 'more');
  assert.equal(waiting[0].query.cursor, 'more');
  await answer(['b']);
  await read;
  assert.deepEqual(rooms.ids(), ['left', 'a', 'b']);
  assert.deepEqual(gone, ['left']);
});

test('a room that I get into while the list is read is not taken for gone', async () => {
  const { one, rooms, gone, answer } = listing();
  const read = one.refresh();
  rooms.enter('new');
  await answer(['a']);
  await read;
  assert.deepEqual(gone, []);
});

test('asked for while it is read, it is read once more', async () => {
  const { one, rooms, waiting, answer } = listing();
  const reads = [one.refresh(), one.refresh(), one.refresh()];
  await answer(['a']);
  assert.equal(waiting.length, 1);
  await answer(['a', 'b']);
  await Promise.all(reads);
  assert.deepEqual(rooms.ids(), ['a', 'b']);
  assert.equal(waiting.length, 0);
});
