import assert from 'node:assert/strict';
import test from 'node:test';
import { CommandBook, isWhole, suggest } from '../core/commands.js';
import { HandClock } from './stage.mjs';

const POLL = { name: 'poll', description: '发起投票 Vote on something', options: [{ name: 'question', type: 'text', required: false }] };
const RULES = { name: 'rules', options: [] };
const GUARD = { name: 'guard', options: [{ name: 'mode', type: 'choice', required: true, choices: ['off', 'flag', 'strict'] }, { name: 'note', type: 'text' }] };
const ALL = [POLL, RULES, GUARD];

function names(text) {
  const offer = suggest(ALL, text);
  return offer && { kind: offer.kind, items: offer.items.map((item) => item.insert) };
}

test('a slash alone offers everything, and typing narrows it', () => {
  assert.deepEqual(names('/'), { kind: 'commands', items: ['/guard ', '/poll ', '/rules '] });
  assert.deepEqual(names('/PO'), { kind: 'commands', items: ['/poll '] });
  assert.deepEqual(names('/l').items, ['/poll ', '/rules '], 'also where it stands inside');
  assert.deepEqual(names('/投票').items, ['/poll '], 'by what it does');
  assert.equal(names('/nothing'), null);
});

test('what is no command offers nothing', () => {
  for (const text of ['', 'poll', 'a /poll', ' /poll', '/nothing at all']) assert.equal(names(text), null, text);
});

test('behind the name its options are explained, and choices completed', () => {
  assert.deepEqual(names('/poll Tea? yes'), { kind: 'usage', items: [] });
  assert.equal(names('/rules '), null, 'it takes nothing');
  assert.deepEqual(names('/guard '), { kind: 'choices', items: ['/guard off', '/guard flag', '/guard strict'] });
  assert.deepEqual(names('/guard F'), { kind: 'choices', items: ['/guard flag'] });
  assert.deepEqual(names('/guard flag'), { kind: 'usage', items: [] });
  assert.deepEqual(names('/guard flag because'), { kind: 'usage', items: [] });
});

test('a name typed out is sent, unless something has to follow', () => {
  assert.equal(isWhole('/rules', { command: RULES }), true);
  assert.equal(isWhole('/Poll', { command: POLL }), false, 'the server takes it for a text');
  assert.equal(isWhole('/po', { command: POLL }), false);
  assert.equal(isWhole('/guard', { command: GUARD }), false);
});

test('a room is asked once in a while, and a failure costs nothing', async () => {
  const clock = new HandClock();
  let asked = 0;
  let fails = false;
  const ask = async () => {
    asked += 1;
    if (fails) throw new Error('away');
    return ALL;
  };
  const book = new CommandBook(ask, clock);
  assert.equal((await book.of('r1')).length, 3);
  await book.of('r1');
  assert.equal(asked, 1);
  clock.advance(30_000);
  fails = true;
  assert.deepEqual(await book.of('r1'), []);
  fails = false;
  assert.equal((await book.of('r1')).length, 3, 'asked again at once');
});
