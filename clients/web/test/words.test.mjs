import assert from 'node:assert/strict';
import test from 'node:test';
import { en } from '../text/en.js';
import { zh } from '../text/zh.js';
import { commandText, currentLanguage } from '../text/words.js';

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
