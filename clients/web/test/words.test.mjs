import assert from 'node:assert/strict';
import test from 'node:test';
import { en } from '../text/en.js';
import { zh } from '../text/zh.js';
import { commandText, currentLanguage, isolated, pieces, t } from '../text/words.js';
import { charactersOf } from '../view/name-field.js';

test('both languages have the same texts, with the same names in them', () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  const names = (text) => [...new Set([text].flat().join(' ').match(/\{\w+\}/g) ?? [])].sort();
  const differing = Object.keys(en).filter((key) => names(en[key]).join() !== names(zh[key]).join());
  assert.deepEqual(differing, []);
});

test('what is wrong with a command is said in one language, without the name of a field', () => {
  const said = 'content: 缺少 word。用法：/probe <word> word is missing. Usage: /probe <word>';
  const wanted = { en: 'word is missing. Usage: /probe <word>', zh: '缺少 word。用法：/probe <word>' };
  assert.equal(commandText(said), wanted[currentLanguage()]);
  assert.equal(commandText('content: some other words'), 'some other words');
});

test('a foreign text that runs its own way is isolated where no element can do it', () => {
  assert.equal(isolated('Bob 小明'), 'Bob 小明');
  assert.equal(isolated('محمد علي'), '\u2068محمد علي\u2069');
  assert.equal(isolated('\u2069\u202eevil'), '\u2068evil\u2069');
  assert.ok(t('invited', { name: 'محمد' }).includes('\u2068محمد\u2069'));
  assert.ok(t('invited', { name: 'Bob' }).includes('Bob'));
});

test('a sentence comes apart into ours and theirs', () => {
  const theirs = pieces('saidBy', { name: 'Bob {text}', text: 'hello' }).filter((piece) => typeof piece !== 'string');
  assert.deepEqual(theirs, [{ foreign: 'Bob {text}' }, { foreign: 'hello' }]);
  assert.equal(pieces('membersOnline', { n: 3 }).join('').includes('3'), true);
});

test('characters are counted as people count them', () => {
  assert.equal(charactersOf('👨\u200d👩\u200d👧'.repeat(32)), 32);
  assert.equal(charactersOf('茶馆'), 2);
});
