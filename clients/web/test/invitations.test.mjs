import assert from 'node:assert/strict';
import test from 'node:test';
import { Invitations } from '../core/invitations.js';
import { come, stage } from './chat-stage.mjs';
import { settle } from './stage.mjs';

const invitation = (id) => ({ room: { id, name: `room ${id}`, kind: 'group' }, invited_by: { id: 'bob', name: 'Bob' }, role: 'member' });

test('what I am invited into is known once I am connected, and read again at a notice', async () => {
  const waiting = [invitation('r2')];
  const on = stage({ answers: { 'v1/invitations': () => ({ items: waiting, next: null }) } });
  await come(on);
  assert.deepEqual(on.chat.invitations.items.map(({ room }) => room.id), ['r2']);
  waiting.push(invitation('r3'));
  on.Socket.last.say({ type: 'notice', kind: 'invited', room: 'r3', user: 'bob', text: 'Bob invites you', at: '2025-01-01T00:00:00.000Z' });
  await settle();
  assert.deepEqual(on.chat.invitations.items.map(({ room }) => room.id), ['r2', 'r3']);
});

test('an answered invitation is gone, and one that was taken back meanwhile too', async () => {
  let waiting = [invitation('a'), invitation('b'), invitation('c')];
  const posted = [];
  const rest = {
    get: async () => ({ items: waiting, next: null }),
    post: async (path) => {
      posted.push(path);
      if (path.includes('/b/')) throw Object.assign(new Error('gone'), { code: 'room_not_found' });
      waiting = waiting.filter(({ room }) => !path.includes(`/${room.id}/`));
    },
  };
  const one = new Invitations(rest);
  await one.refresh();
  await one.accept('a');
  assert.deepEqual(one.items.map(({ room }) => room.id), ['b', 'c']);
  waiting = waiting.filter(({ room }) => room.id !== 'b');
  await assert.rejects(one.refuse('b'));
  await settle();
  assert.deepEqual(one.items.map(({ room }) => room.id), ['c']);
  assert.deepEqual(posted, ['v1/invitations/a/accept', 'v1/invitations/b/refuse']);
});
