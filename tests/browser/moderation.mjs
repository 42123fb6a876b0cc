/**
 * Who keeps order in a room does it on the page: what filters held, what they noted, and who asks to come in. Against a
 * running server with the test plugin `probe`, whose name is markup and which does as messages tell it (`hold why`,
 * `flag why`, `replace words`, `reject why`). See README.md for what it takes and prints.
 */

import assert from 'node:assert/strict';
import { faintTexts } from './contrast.mjs';
import { BASE_URL, DESKTOP, openBrowser, OUT_DIR, PHONE, play } from './windows.mjs';

const ROOM = '周末品茶会';
/** What the plugin calls itself, and what a moderator may write: both are only text. */
const NAME = '<b>Probe</b>';
const REASON = '<img src=x onerror="document.title=`broken`"> no ads';
const GUEST = '<u>阿芳</u>';

const windows = await openBrowser();
const ann = await windows.arrive('小明', BASE_URL, { colorScheme: 'light' });
const bob = await windows.arrive('Alice', BASE_URL, { colorScheme: 'dark', locale: 'en-GB', viewport: PHONE, hasTouch: true });
const eve = await windows.arrive(GUEST, BASE_URL, {});

const room = () => ann.at('conversation').getAttribute('data-room');
const item = (list, text) => ann.at(`desk-${list}`).filter({ hasText: text });
const decide = (list, text, act) => item(list, text).getByTestId(`desk-${act}`).click();
const hears = (person, text) => person.page.locator('#announcer', { hasText: text }).waitFor({ state: 'attached' });

/** Sends it as it stands: Enter would take what the list of commands offers. */
async function send(person, text) {
  await person.at('composer').fill(text);
  await person.at('composer').press('Escape');
  await person.at('composer').press('Enter');
}

const failure = (person, text) => person.message(text).getByTestId('failure');

async function openDesk() {
  await ann.at('desk').click();
  await ann.at('desk-dialog').waitFor();
}

async function closeDesk() {
  await ann.page.keyboard.press('Escape');
  await ann.at('desk-dialog').waitFor({ state: 'detached' });
}

/** The number at the sign; none where nothing waits. */
async function waits(count) {
  if (count === 0) await ann.at('desk-count').waitFor({ state: 'detached' });
  else await ann.at('desk-count').getByText(String(count), { exact: true }).waitFor();
}

/** As on another device: all that this page knew of what it wrote is gone. */
async function reloadElsewhere(person) {
  await person.page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith('teahouse.outbox')).forEach((key) => sessionStorage.removeItem(key)));
  await person.page.reload();
  await person.isIn(ROOM);
}

const isInDialog = () => ann.page.evaluate(() => Boolean(document.activeElement.closest('dialog')));
const focused = () => ann.page.evaluate(() => document.activeElement.dataset.testid);
const madeOfMarkup = (testid) => ann.at(testid).evaluate((element) => element.querySelectorAll('b, u, i, img').length);

const steps = {
  async 'who made a room finds where to keep order, and nothing waits'() {
    await Promise.all([ann.comeIn(), bob.comeIn(), eve.comeIn()]);
    await ann.makeRoom(ROOM);
    await bob.joinRoom(ROOM);
    assert.equal(await bob.at('desk').count(), 0);
    await openDesk();
    await ann.page.locator('[data-testid=desk-state] [data-state=empty]').waitFor();
    await ann.picture(OUT_DIR, 'desk-empty');
    await closeDesk();
    assert.equal(await focused(), 'desk');
  },

  async 'what is held is counted at once, and its sender hears that it waits'() {
    await bob.say('hold fraud');
    await bob.isState('hold fraud', 'held');
    await hears(bob, 'Waiting for a moderator');
    await waits(1);
    await bob.picture(OUT_DIR, 'held-phone-dark');
    assert.equal(await ann.message('hold fraud').count(), 0);
  },

  async 'it waits for its sender on every device'() {
    await bob.page.reload();
    await bob.isState('hold fraud', 'held');
    await reloadElsewhere(bob);
    await bob.isState('hold fraud', 'held');
    assert.equal(await bob.message('hold fraud').count(), 1);
  },

  async 'the list says who, what, which plugin and why; all of it is text'() {
    await ann.at('desk').focus();
    await ann.page.keyboard.press('Enter');
    const held = item('held', 'hold fraud');
    await held.waitFor();
    assert.equal(await held.getAttribute('data-name'), 'Alice');
    assert.equal(await held.getByTestId('desk-words').textContent(), 'hold fraud');
    assert.equal(await held.getByTestId('desk-rule').textContent(), 'fraud');
    assert.equal(await held.getByTestId('desk-note').textContent(), 'wait for it');
    assert.ok((await held.getByTestId('desk-why').textContent()).startsWith(NAME));
    assert.equal(await madeOfMarkup('desk-dialog'), 0);
  },

  async 'it grows while it is looked at'() {
    await bob.say('hold spam: <b>刷单返利</b>，一天两百，包教包会，名额不多');
    await item('held', '刷单返利').waitFor();
    await bob.say('flag links');
    await item('reviews', 'flag links').waitFor();
    await bob.isState('flag links', 'sent');
    await ann.picture(OUT_DIR, 'desk');
    assert.deepEqual(await faintTexts(ann, ['.desk-item', '.desk-hint', '.desk-body h3']), []);
  },

  async 'what is let through is there for everybody, and the next one has the focus'() {
    await item('held', 'hold fraud').getByTestId('desk-release').focus();
    await ann.page.keyboard.press('Enter');
    await item('held', 'hold fraud').waitFor({ state: 'detached' });
    await bob.isState('hold fraud', 'sent');
    assert.equal(await bob.message('hold fraud').count(), 1);
    await ann.at('desk-said').getByText('Alice').waitFor();
    assert.ok(await isInDialog());
    await waits(2);
  },

  async 'refusing asks first, and for a reason'() {
    await decide('held', '刷单返利', 'refuse');
    assert.equal(await focused(), 'desk-reason');
    await ann.picture(OUT_DIR, 'desk-refuse');
    await ann.at('desk-cancel').click();
    await item('held', '刷单返利').getByTestId('desk-release').waitFor();
    await decide('held', '刷单返利', 'refuse');
    await ann.page.keyboard.type(REASON);
    await ann.page.keyboard.press('Enter');
    await item('held', '刷单返利').waitFor({ state: 'detached' });
    await failure(bob, '刷单返利').getByText(REASON).waitFor();
    await hears(bob, 'no ads');
    assert.equal(await failure(bob, '刷单返利').getAttribute('data-code'), 'held_refused');
    await bob.picture(OUT_DIR, 'held-refused-phone-dark');
    assert.deepEqual(await faintTexts(bob, ['.foot-failed', '.foot-held']), []);
  },

  async 'a refusal is there after a reload too, until it is put away'() {
    await reloadElsewhere(bob);
    await failure(bob, '刷单返利').getByText(REASON).waitFor();
    await bob.message('刷单返利').getByTestId('discard').tap();
    await bob.message('刷单返利').waitFor({ state: 'detached' });
    await bob.page.reload();
    await bob.isIn(ROOM);
    await bob.message('hold fraud').waitFor();
    assert.equal(await bob.message('刷单返利').count(), 0);
  },

  async 'what was only noted may stay, or is removed for all'() {
    await decide('reviews', 'flag links', 'close');
    await item('reviews', 'flag links').waitFor({ state: 'detached' });
    await ann.message('flag links').waitFor();
    await bob.say('flag contacts');
    await decide('reviews', 'flag contacts', 'remove');
    await ann.picture(OUT_DIR, 'desk-remove');
    await ann.at('desk-cancel').click();
    await decide('reviews', 'flag contacts', 'show');
    await ann.at('desk-dialog').waitFor({ state: 'detached' });
    await openDesk();
    await decide('reviews', 'flag contacts', 'remove');
    await ann.at('desk-confirm').click();
    await item('reviews', 'flag contacts').waitFor({ state: 'detached' });
    await bob.at('recalled').getByText('A moderator removed a message of yours').waitFor();
    await ann.page.locator('[data-testid=desk-state] [data-state=empty]').waitFor();
  },

  async 'who asks to come in is let in, or not'() {
    const ask = async () => {
      const { status, body } = await eve.call('POST', `v1/rooms/${await room()}/join`, { word: 'please' });
      assert.equal(body.code, 'approval_required', `${status} ${JSON.stringify(body)}`);
    };
    await ask();
    await item('requests', GUEST).waitFor();
    await ann.picture(OUT_DIR, 'desk-request');
    assert.equal(await madeOfMarkup('desk-dialog'), 0);
    await decide('requests', GUEST, 'decline');
    await item('requests', GUEST).waitFor({ state: 'detached' });
    await eve.at('toast').filter({ hasText: '没有通过' }).waitFor();
    await ask();
    await decide('requests', GUEST, 'accept');
    await item('requests', GUEST).waitFor({ state: 'detached' });
    await ann.page.locator('[data-testid=line]', { hasText: GUEST }).waitFor();
    await eve.openRoom(ROOM);
    await closeDesk();
  },

  async 'nobody decides about their own words, but takes them back'() {
    await ann.say('hold mine');
    await waits(1);
    await openDesk();
    await item('held', 'hold mine').getByTestId('desk-own').waitFor();
    assert.equal(await ann.at('desk-release').count(), 0);
    await closeDesk();
    await ann.message('hold mine').getByTestId('withdraw').click();
    await ann.message('hold mine').waitFor({ state: 'detached' });
    await waits(0);
  },

  async 'a list that can not be read says so, and is read again'() {
    await ann.page.route('**/v1/rooms/*/reviews*', (route) => route.abort());
    await openDesk();
    await ann.page.locator('[data-testid=desk-state] [data-state=failed]').waitFor();
    await ann.picture(OUT_DIR, 'desk-failed');
    await ann.page.unroute('**/v1/rooms/*/reviews*');
    await ann.at('desk-retry').click();
    await ann.page.locator('[data-testid=desk-state] [data-state=empty]').waitFor();
    await closeDesk();
  },

  async 'what a filter changed is noted for its sender alone, also after a reload'() {
    const note = (person, text) => person.message(text).getByTestId('replaced');
    await send(bob, 'replace green tea');
    await note(bob, 'green tea').getByText('as you wished').waitFor();
    await hears(bob, NAME);
    await reloadElsewhere(bob);
    assert.equal(await note(bob, 'green tea').textContent(), `Changed by ${NAME} · as you wished`);
    await bob.picture(OUT_DIR, 'replaced-phone-dark');
    assert.deepEqual(await faintTexts(bob, ['.row-hint']), []);
    await ann.page.reload();
    await ann.message('green tea').waitFor();
    assert.equal(await note(ann, 'green tea').count(), 0);
  },

  async 'an edit is changed likewise, and the last one has the word'() {
    const edit = async (before, after) => {
      await ann.act(before, 'edit');
      await ann.at('composer').fill(after);
      await ann.at('composer').press('Enter');
    };
    await ann.say('oolong');
    await edit('oolong', 'replace black tea');
    await ann.message('black tea').getByTestId('replaced').waitFor();
    await edit('black tea', 'plain water');
    await ann.message('plain water').waitFor();
    assert.equal(await ann.message('plain water').getByTestId('replaced').count(), 0);
    await edit('plain water', 'hold it');
    await ann.message('plain water').getByTestId('edit-waits').waitFor();
    await ann.page.reload();
    await ann.message('plain water').getByTestId('edit-waits').waitFor();
  },

  async 'a refusal names its rule'() {
    await bob.say('reject spam');
    await failure(bob, 'reject spam').waitFor();
    assert.equal(await failure(bob, 'reject spam').getAttribute('data-rule'), 'spam');
    assert.match(await failure(bob, 'reject spam').textContent(), /Refused by <b>Probe<\/b> · you asked for it/);
    await hears(bob, 'you asked for it');
  },

  async 'a command is explained while it is written, and when it was written wrongly'() {
    await ann.at('composer').pressSequentially('/probe ');
    await ann.at('command-option-now').getByText('<word>').waitFor();
    await ann.picture(OUT_DIR, 'command-hint');
    await ann.at('composer').fill('');
    await send(bob, '/probe');
    await failure(bob, '/probe').getByText('word is missing. Usage: /probe <word>').waitFor();
    await send(ann, '/probe');
    await failure(ann, '/probe').getByText('缺少 word。用法：/probe <word>').waitFor();
    await ann.picture(OUT_DIR, 'command-wrong');
    await send(bob, '/rule');
    await failure(bob, '/rule').getByText('may not use this command').waitFor();
  },

  async 'what names no command is plain text'() {
    await bob.say('/nobody knows this');
    await bob.isState('/nobody knows this', 'sent');
    await ann.message('/nobody knows this').waitFor();
  },

  async 'all of it fits a phone, in the dark, in English'() {
    await bob.say('hold phone');
    await bob.say('flag phone');
    await ann.at('language').click();
    await ann.page.emulateMedia({ colorScheme: 'dark' });
    await ann.page.setViewportSize(PHONE);
    await openDesk();
    await item('held', 'hold phone').waitFor();
    await decide('held', 'hold phone', 'refuse');
    await ann.picture(OUT_DIR, 'desk-phone-dark-en');
    assert.deepEqual(await faintTexts(ann, ['.desk-item', '.desk-hint', '.desk-body h3']), []);
    assert.ok(await ann.page.evaluate(() => document.querySelector('dialog').scrollWidth <= innerWidth), 'the dialog scrolls sideways');
    await ann.page.setViewportSize(DESKTOP);
    await ann.picture(OUT_DIR, 'desk-dark-en');
  },

  async 'no script failed, and the content policy refused nothing'() {
    assert.notEqual(await bob.page.title(), 'broken');
    assert.deepEqual([...ann.faults, ...bob.faults, ...eve.faults], []);
  },
};

await play(steps, windows);
