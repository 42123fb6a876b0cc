/**
 * What plugins bring to the chat page, against a running server with `sensitive-words`, `welcome-bot` and `poll-bot` enabled:
 * commands and their completion, cards and buttons, words for one person alone, and messages that a filter refuses, holds or
 * changes. See README.md for what it takes and prints.
 */

import assert from 'node:assert/strict';
import { ask, HAS_CALLER, SKIPPED } from './control.mjs';
import { BASE_URL, openBrowser, OUT_DIR, PHONE, play } from './windows.mjs';

const ROOM = '周末品茶会';
const REFUSED = '线上赌场，欢迎来玩';
const HELD = '刷单返利，一天两百';
const CHANGED = '是哪个王八蛋把茶泡苦了';
const MARKUP = '<img src=x onerror="document.title=`broken`">';
const LONG_POLL = `/poll <b>周末</b>去哪？去年秋天我们去过的那家湖边有老榕树的茶馆 | The quiet little place behind the old railway station | ${MARKUP} [10m]`;
const POLL = '/poll 周六去哪喝茶？湖边 | 山上 | 老地方 [10m]';

const windows = await openBrowser();
const ann = await windows.arrive('小明', BASE_URL, { colorScheme: 'light' });
const bob = await windows.arrive('Alice', BASE_URL, { colorScheme: 'dark', locale: 'en-GB', viewport: PHONE, hasTouch: true });

/** Writes without waiting for a bubble with just these words: a filter may have others in mind. */
async function write(person, text) {
  await person.at('composer').fill(text);
  await person.at('composer').press('Escape');
  await person.at('composer').press('Enter');
}

const button = (person, label) => person.at('card-button').filter({ hasText: label }).last();
const whisper = (person, text) => person.at('whisper').filter({ hasText: text }).last();

/** Decides on the page about the one message that waits. */
async function decide(...acts) {
  await ann.at('desk-count').waitFor();
  await ann.at('desk').click();
  for (const act of acts) await act();
  await ann.at('desk-held').waitFor({ state: 'detached' });
  await ann.at('dialog-close').click();
}

const pressed = (testid) => () => ann.at(testid).click();

const steps = {
  async 'two people come in, and who joins a room is greeted'() {
    await Promise.all([ann.comeIn(), bob.comeIn()]);
    await ann.makeRoom(ROOM);
    await bob.joinRoom(ROOM);
    await ann.at('card-title').filter({ hasText: 'Alice' }).waitFor();
    await bob.at('bot-badge').first().waitFor();
  },

  async 'the rules are shown to who asks alone, and put away'() {
    await button(bob, 'House rules').tap();
    await whisper(bob, '友善待人').waitFor();
    await bob.picture(OUT_DIR, 'ephemeral-phone');
    await button(bob, 'Got it').tap();
    await whisper(bob, 'have a seat').waitFor();
    assert.equal(await ann.at('whisper').count(), 0);
    while ((await bob.at('whisper').count()) > 0) {
      const before = await bob.at('whisper').count();
      await bob.at('dismiss').last().tap();
      await bob.page.waitForFunction((count) => document.querySelectorAll('[data-testid=whisper]').length < count, before);
    }
  },

  async 'a slash offers the commands, to the keyboard'() {
    const composer = ann.at('composer');
    await composer.pressSequentially('/');
    await ann.at('command-option').nth(1).waitFor();
    await ann.picture(OUT_DIR, 'commands');
    assert.equal(await composer.getAttribute('aria-expanded'), 'true');
    await composer.press('ArrowDown');
    const active = await composer.getAttribute('aria-activedescendant');
    assert.equal(await ann.page.locator(`#${active}`).getAttribute('aria-selected'), 'true');
    await composer.pressSequentially('pol');
    await composer.press('Tab');
    assert.equal(await composer.inputValue(), '/poll ');
    await ann.at('command-usage').waitFor();
    await composer.press('Escape');
    assert.equal(await ann.at('command-list').isVisible(), false);
    await composer.fill('');
  },

  async 'and to the finger'() {
    await bob.at('composer').tap();
    await bob.at('composer').pressSequentially('/');
    await bob.page.locator('[data-testid=command-option][data-name=rules]').waitFor();
    await bob.picture(OUT_DIR, 'commands-phone');
    await bob.page.locator('[data-testid=command-option][data-name=rules]').tap();
    assert.equal(await bob.at('composer').inputValue(), '/rules ');
    await bob.at('composer').fill('');
  },

  async 'a poll is a card, votes are counted before everybody, and answered for who pressed'() {
    await write(ann, POLL);
    await button(bob, '湖边').waitFor();
    await button(bob, '湖边').tap();
    await whisper(bob, '已投「湖边」').waitFor();
    await ann.at('card-text').filter({ hasText: '1 票' }).waitFor();
    await button(ann, '山上').click();
    await whisper(ann, '已投「山上」').waitFor();
    await ann.at('card-text').filter({ hasText: '共 2 票' }).waitFor();
    await Promise.all([ann.picture(OUT_DIR, 'card'), bob.picture(OUT_DIR, 'card-phone')]);
  },

  async 'its maker closes it, and the result is said'() {
    await write(ann, '/poll close');
    await bob.message('投票结束').waitFor();
    await bob.at('card-text').filter({ hasText: '已结束' }).waitFor();
    await ann.picture(OUT_DIR, 'poll-closed');
  },

  async 'a refused message stays with who and why, and is written otherwise'() {
    await write(ann, REFUSED);
    await ann.message(REFUSED).getByTestId('failure').waitFor();
    assert.equal(await ann.message(REFUSED).getByTestId('failure').getAttribute('data-rule'), 'gambling');
    await ann.picture(OUT_DIR, 'rejected');
    await ann.message(REFUSED).getByTestId('again').click();
    assert.equal(await ann.at('composer').inputValue(), REFUSED);
    await ann.say('线上品茶会，欢迎来玩');
    await ann.isState('线上品茶会', 'sent');
    await bob.message('线上品茶会').waitFor();
    assert.equal(await ann.message(REFUSED).count(), 0);
  },

  async 'a changed message shows what the room sees'() {
    await write(ann, CHANGED);
    await ann.at('replaced').waitFor();
    await bob.message('把茶泡苦了').waitFor();
    assert.equal(await ann.message(CHANGED).count(), 0);
    assert.equal(await bob.message(CHANGED).count(), 0);
    await ann.picture(OUT_DIR, 'replaced');
  },

  async 'a held message waits, and is there once a moderator lets it through'() {
    await write(bob, HELD);
    await bob.isState(HELD, 'held');
    await bob.picture(OUT_DIR, 'held-phone');
    assert.equal(await ann.message(HELD).count(), 0);
    await decide(() => ann.at('desk-held').waitFor(), () => ann.picture(OUT_DIR, 'moderation'), pressed('desk-release'));
    await bob.isState(HELD, 'sent');
    await ann.message(HELD).waitFor();
    assert.equal(await bob.page.locator('[data-testid=message]', { hasText: HELD }).count(), 1);
  },

  async 'or says that it was refused'() {
    await write(bob, `${HELD}，包教包会`);
    await bob.isState('包教包会', 'held');
    await decide(pressed('desk-refuse'), () => ann.at('desk-reason').fill('疑似刷单'), pressed('desk-confirm'));
    await bob.message('包教包会').getByTestId('failure').waitFor();
    await bob.picture(OUT_DIR, 'held-refused-phone');
    await bob.message('包教包会').getByTestId('discard').tap();
    await bob.message('包教包会').waitFor({ state: 'detached' });
  },

  async 'labels are text, however long and whatever they say'() {
    await write(ann, LONG_POLL);
    await button(bob, MARKUP.slice(0, 18)).waitFor();
    await ann.at('card-title').filter({ hasText: '<b>周末</b>' }).waitFor();
    assert.equal(await bob.at('card').last().evaluate((card) => card.querySelectorAll('b, i, img').length), 0);
    assert.ok(await bob.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page scrolls sideways');
    await Promise.all([ann.picture(OUT_DIR, 'card-long'), bob.picture(OUT_DIR, 'card-long-phone')]);
  },

  async 'a button that its server forgot says so, and is pressed no more'() {
    if (!HAS_CALLER) return SKIPPED;
    await write(bob, '/rules');
    await button(bob, 'Got it').waitFor();
    await ask('restart');
    await Promise.all([ann.isPhase('online'), bob.isPhase('online')]);
    await button(bob, 'Got it').tap();
    await bob.at('card-said').filter({ hasText: 'Ask the bot again' }).waitFor();
    assert.equal(await button(bob, 'Got it').getAttribute('aria-disabled'), 'true');
    await bob.picture(OUT_DIR, 'button-gone-phone');
    return undefined;
  },

  async 'no script failed, and the content policy refused nothing'() {
    assert.deepEqual([...ann.faults, ...bob.faults], []);
  },
};

await play(steps, windows);
