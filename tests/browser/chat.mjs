/**
 * The chat page in Chromium against a running server. Two people talk; one is cut off, misses messages, writes
 * meanwhile, comes back and catches up: nothing lost, nothing doubled. See README.md for what it takes and prints.
 */

import assert from 'node:assert/strict';
import { ask, HAS_CALLER, SKIPPED } from './control.mjs';
import { startProxy } from './proxy.mjs';
import { BASE_URL, DESKTOP, openBrowser, OUT_DIR, PHONE, play } from './windows.mjs';

const ROOM = '周末品茶会';
/** More than one page of history, so that the page has to ask for an older one. */
const MANY = 70;
/** What a page that trusted its messages would run. */
const MARKUP = '<img src=x onerror="document.title=`broken`"><script>document.title=`broken`</script>';

const windows = await openBrowser();
const proxy = await startProxy(BASE_URL);

const ann = await windows.arrive('小明', BASE_URL, { colorScheme: 'light' });
const bob = await windows.arrive('Alice', proxy.address, { colorScheme: 'dark', locale: 'en-GB' });
const talk = [];

/** One says it, both see it, and all that was said before stands where it stood. */
async function says(person, text) {
  await person.say(text);
  talk.push(text);
  await Promise.all([ann.sees(talk), bob.sees(talk)]);
}

const steps = {
  async 'two people come in'() {
    await ann.page.goto(BASE_URL);
    await ann.at('sign-in').waitFor();
    await ann.picture(OUT_DIR, 'sign-in');
    await Promise.all([ann.comeIn(), bob.comeIn()]);
  },

  async 'one makes a room, the other finds and joins it'() {
    await ann.makeRoom(ROOM);
    await bob.joinRoom(ROOM);
    await ann.page.locator('[data-testid=line]', { hasText: 'Alice' }).waitFor();
  },

  async 'they talk, and both see the same'() {
    await says(ann, '周六下午三点，老地方见？');
    await says(bob, '好啊！带上次那款凤凰单丛吧 🍵');
    await says(ann, '带了，还有一小罐明前龙井，朋友刚从杭州寄来的，香气很清。');
    await says(bob, 'I will bring the small cups. Is your kettle big enough for five?');
    assert.equal(await ann.message('老地方').getAttribute('data-mine'), 'true');
    assert.equal(await bob.message('老地方').getAttribute('data-mine'), 'false');
    assert.equal(await bob.message('老地方').getAttribute('data-state'), 'sent');
  },

  async 'one sees the other typing, and who has read'() {
    await bob.at('composer').pressSequentially('yes');
    await ann.at('typing').getByText('Alice').waitFor();
    await bob.at('composer').fill('');
    await bob.page.bringToFront();
    await ann.at('mark-read').waitFor();
    await ann.page.bringToFront();
  },

  async 'reply, reaction, edit and recall reach the other'() {
    await ann.act('small cups', 'reply');
    await says(ann, '一把就够，我的是一升的。');
    await bob.message('一升').getByTestId('quote').waitFor();
    await ann.act('凤凰', 'smile');
    await ann.message('凤凰').getByTestId('emoji-🍵').click();
    await bob.message('凤凰').getByTestId('reaction').waitFor();
    await says(bob, 'see you on Sunday');
    await bob.act('Sunday', 'edit');
    await bob.say('see you on Saturday');
    talk[talk.length - 1] = 'see you on Saturday';
    await Promise.all([ann.sees(talk), bob.sees(talk)]);
    await says(ann, '发错了');
    await ann.act('发错了', 'recall');
    talk.pop();
    await bob.at('recalled').waitFor();
    await Promise.all([ann.sees(talk), bob.sees(talk)]);
    await ann.picture(OUT_DIR, 'chat-light');
    await bob.picture(OUT_DIR, 'chat-dark');
  },

  async 'markup in a message is text'() {
    await says(ann, MARKUP);
    assert.notEqual(await bob.page.title(), 'broken');
  },

  async 'one is cut off: it shows, and what they write waits'() {
    proxy.cut();
    await bob.isPhase('offline');
    await bob.at('countdown').waitFor();
    await ann.say('你还在吗？', '先把水烧上', '等你回来');
    await bob.say('written without a net', 'and one more');
    await bob.isState('written without a net', 'waiting');
    await bob.picture(OUT_DIR, 'cut-off');
  },

  async 'back again: nothing is lost, nothing doubled, the order is one'() {
    proxy.heal();
    await bob.at('retry-now').click().catch(() => {});
    await bob.isPhase('online');
    talk.push('你还在吗？', '先把水烧上', '等你回来', 'written without a net', 'and one more');
    await Promise.all([ann.sees(talk), bob.sees(talk)]);
    await bob.isState('and one more', 'sent');
  },

  async 'a message whose ack is lost is not doubled'() {
    proxy.deafen();
    await bob.say('did this arrive?');
    talk.push('did this arrive?');
    await ann.sees(talk);
    await bob.isState('did this arrive?', 'sending');
    proxy.cut();
    await bob.isPhase('offline');
    proxy.heal();
    await bob.isPhase('online');
    await bob.isState('did this arrive?', 'sent');
    await says(ann, '到了');
  },

  async 'the server is restarted in mid-conversation'() {
    if (!HAS_CALLER) return SKIPPED;
    // Not waited for: whether its ack comes before the end is left to chance, and it must be there either way.
    await bob.say('just before the end');
    talk.push('just before the end');
    const answer = await ask('restart');
    if (answer.base_url) proxy.retarget(answer.base_url);
    await Promise.all([ann.isPhase('online'), bob.isPhase('online')]);
    await Promise.all([ann.sees(talk), bob.sees(talk)]);
    await says(bob, 'still here');
    return undefined;
  },

  async 'on a phone the rooms and the conversation are two views'() {
    await bob.page.setViewportSize(PHONE);
    await bob.picture(OUT_DIR, 'phone-chat');
    await bob.at('back').click();
    await bob.at('rooms').waitFor();
    assert.equal(await bob.at('composer').isVisible(), false);
    await saysUnseen(ann, '手机上也能看');
    await bob.page.locator(`[data-testid=room][data-name="${ROOM}"]`).getByTestId('unread').getByText('1', { exact: true }).waitFor();
    await bob.picture(OUT_DIR, 'phone-rooms');
    await bob.openRoom(ROOM);
    await bob.message('手机上也能看').waitFor();
    assert.ok(await isNoWiderThanItsWindow(bob), 'the page scrolls sideways');
    await bob.page.setViewportSize(DESKTOP);
  },

  async 'a reloaded page shows the same conversation'() {
    await bob.page.reload();
    await bob.isIn(ROOM);
    await bob.sees(talk);
    await bob.message('凤凰').getByTestId('reaction').waitFor();
  },

  async 'older messages come on scrolling up'() {
    const room = await ann.at('conversation').getAttribute('data-room');
    for (let i = 1; i <= MANY; i += 1) {
      await post(room, `${i}`);
      talk.push(`${i}`);
    }
    await Promise.all([ann.sees(talk), bob.sees(talk)]);
    await bob.page.reload();
    await bob.isIn(ROOM);
    await bob.seesLast(talk.slice(-40));
    assert.ok((await bob.texts()).length < talk.length, 'the newest page is not the whole room');
    const first = () => bob.at('scroll').evaluate((element) => element.scrollTo(0, 0));
    while ((await bob.texts()).length < talk.length) {
      const before = (await bob.texts()).length;
      await first();
      await bob.page.waitForFunction((count) => document.querySelectorAll('[data-testid=message]').length > count, before);
    }
    await bob.sees(talk);
  },

  async 'the language is the person’s own choice'() {
    assert.equal(await bob.page.evaluate(() => document.documentElement.lang), 'en');
    await bob.at('language').click();
    assert.equal(await bob.page.evaluate(() => document.documentElement.lang), 'zh');
    await bob.isIn(ROOM);
  },

  async 'who leaves a room has it no more; who made it ends it for all'() {
    const listed = (person) => person.page.locator(`[data-testid=room][data-name="${ROOM}"]`);
    await bob.at('leave').click();
    await bob.at('confirm').click();
    await listed(bob).waitFor({ state: 'detached' });
    await bob.joinRoom(ROOM);
    await ann.at('leave').click();
    await ann.at('confirm').click();
    await Promise.all([ann, bob].map((person) => listed(person).waitFor({ state: 'detached' })));
    await bob.at('composer').waitFor({ state: 'detached' });
  },

  async 'a session that ended leads back to the way in, with a word about why'() {
    await bob.call('POST', 'v1/auth/logout');
    await bob.at('sign-in').waitFor();
    await bob.at('sign-in-notice').waitFor();
  },

  async 'signing out leads to the way in, without one'() {
    await ann.at('sign-out').click();
    await ann.at('sign-in').waitFor();
    assert.equal(await ann.at('sign-in-notice').isVisible(), false);
  },

  async 'no script failed, and the content policy refused nothing'() {
    assert.deepEqual([...ann.faults, ...bob.faults], []);
  },
};

/** Ann says it while Bob looks elsewhere. */
async function saysUnseen(person, text) {
  await person.say(text);
  talk.push(text);
}

/** Writes by REST, which is quicker than typing; waits as long as the server says when it is too quick. */
async function post(room, content) {
  for (;;) {
    const answer = await ann.call('POST', `v1/rooms/${room}/messages`, { content, client_id: `many-${content}` });
    if (answer.status === 201 || answer.status === 200) return;
    assert.equal(answer.status, 429, JSON.stringify(answer));
    await ann.page.evaluate((ms) => new Promise((resolve) => setTimeout(resolve, ms)), Math.max(1, answer.retryAfter) * 1000);
  }
}

function isNoWiderThanItsWindow(person) {
  return person.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
}

await play(steps, windows, () => proxy.close());
