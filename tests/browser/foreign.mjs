/**
 * What people write turns nothing around it: names, messages and headings that run from right to left, or try to turn what
 * follows, each stand in an element of their own. A guest, who may call himself anything, is told apart everywhere, and is
 * invited into rooms, not put there.
 */

import assert from 'node:assert/strict';
import { BASE_URL, openBrowser, OUT_DIR, play } from './windows.mjs';

const ROOM = 'غرفة الشاي 3';
const GUEST = 'محمد علي';
/** What a message may hold, and a name may not: what follows would stand backwards. */
const TURNED = '\u202egnihtyna yas nac I';

const windows = await openBrowser();
const ann = await windows.arrive('小明', BASE_URL, { locale: 'zh-CN' });
const guest = await windows.arrive(GUEST, BASE_URL, { locale: 'en-GB' });
let room;

async function comeAsGuest(person, name) {
  await person.page.goto(BASE_URL);
  await person.at('guest-name').waitFor();
  await person.page.waitForLoadState('networkidle');
  await person.at('guest-name').fill(name);
  await person.at('guest-enter').click();
}

/** The texts on the page that run their own way, and stand among others without an element that isolates them. */
function loose(person) {
  return person.page.evaluate(() => {
    const turns = /[\u0590-\u08ff\u202a-\u202e]/;
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const { data, parentElement } = walker.currentNode;
      if (!turns.test(data) || /^[^\u0590-\u08ff]*\u2068[^\u202a-\u202e]*\u2069[^\u0590-\u08ff]*$/.test(data)) continue;
      const isolating = parentElement.closest('bdi, [dir=auto]');
      const isIsolated = isolating && /isolate|plaintext/.test(getComputedStyle(isolating).unicodeBidi);
      if (!isIsolated) found.push(`${parentElement.tagName}.${parentElement.className}: ${data}`);
    }
    return found;
  });
}

/** How many texts that run their own way are on the page at all: without any, nothing would be shown by `loose`. */
function turning(person) {
  return person.page.evaluate(() => [...document.querySelectorAll('bdi, [dir=auto]')].filter(({ textContent }) => /[\u0590-\u08ff\u202a-\u202e]/.test(textContent)).length);
}

async function allIsolated(person, atLeast) {
  assert.deepEqual(await loose(person), []);
  const found = await turning(person);
  assert.ok(found >= atLeast, `only ${found} such texts are on the page`);
}

async function send(person, body) {
  const answer = await person.call('POST', `v1/rooms/${room}/messages`, body);
  assert.equal(answer.status, 201, JSON.stringify(answer));
  return answer.body;
}

const steps = {
  async 'a name of which nothing shows is refused, as is one that turns what follows'() {
    for (const name of ['\u3164', '\u202enimda', '\u2067admin']) {
      await comeAsGuest(guest, name);
      await guest.at('sign-in-notice').waitFor();
    }
  },

  async 'a guest and somebody of WeChat come in, and are in one room'() {
    await Promise.all([ann.comeIn(), comeAsGuest(guest, GUEST)]);
    await guest.isPhase('online');
    await ann.makeRoom(ROOM);
    room = await ann.at('conversation').getAttribute('data-room');
    await guest.joinRoom(ROOM);
    await ann.page.locator('[data-testid=line]', { hasText: GUEST }).getByTestId('guest-badge').waitFor();
  },

  async 'what a guest says is marked, and what others say is not'() {
    await guest.say('שלום (3)!', TURNED);
    await ann.message('שלום').getByTestId('guest-badge').waitFor();
    await ann.say('一、二、三');
    await guest.message('一、二、三').waitFor();
    assert.equal(await guest.message('一、二、三').getByTestId('guest-badge').count(), 0);
  },

  async 'quotes, cards, headings and an announcement are isolated'() {
    await ann.act('שלום', 'reply');
    await ann.at('composer-about').getByText(GUEST).waitFor();
    await allIsolated(ann, 5);
    await ann.say('这是回复');
    await guest.message('这是回复').getByTestId('quote').waitFor();
    await ann.message('这是回复').getByTestId('quote').getByTestId('guest-badge').waitFor();
    await send(guest, { kind: 'file', content: { url: 'https://example.com/a', name: 'قائمة 3.pdf' } });
    await send(guest, { kind: 'link', content: { url: 'https://example.com/b', title: 'مقال', description: TURNED } });
    await send(guest, { kind: 'card', content: { title: 'غداء؟', text: TURNED, buttons: [{ id: 'a', label: 'نعم' }] } });
    const announced = await ann.call('PATCH', `v1/rooms/${room}`, { announcement: 'أهلا: 3' });
    assert.equal(announced.status, 200, JSON.stringify(announced));
    for (const person of [ann, guest]) {
      await person.page.locator('[data-testid=card-button]', { hasText: 'نعم' }).waitFor();
      await person.page.locator('.room-title', { hasText: 'أهلا' }).waitFor();
    }
    await allIsolated(ann, 14);
    await allIsolated(guest, 14);
    await ann.picture(OUT_DIR, 'foreign');
  },

  async 'the list of members marks a guest, and isolates'() {
    await ann.at('members').click();
    await ann.page.locator(`[data-testid=member][data-name="${GUEST}"]`).getByTestId('guest-badge').waitFor();
    assert.equal(await ann.page.locator('[data-testid=member][data-name="小明"]').getByTestId('guest-badge').count(), 0);
    await allIsolated(ann, 15);
    await ann.at('dialog-close').click();
    await guest.at('composer').pressSequentially('و');
    await ann.at('typing').getByText(GUEST).waitFor();
    await allIsolated(ann, 14);
  },

  async 'a conversation with a guest says so in the list of rooms and at its head'() {
    await ann.at('members').click();
    await ann.page.locator(`[data-testid=member][data-name="${GUEST}"]`).getByTestId('direct').click();
    await ann.isIn(GUEST);
    await ann.page.locator('.room-head').getByTestId('guest-badge').waitFor();
    await ann.page.locator(`[data-testid=room][data-name="${GUEST}"]`).getByTestId('guest-badge').waitFor();
    await allIsolated(ann, 3);
  },

  async 'an invitation is answered on the page, and nothing is seen before'() {
    await ann.makeRoom('密室');
    await ann.at('invite').click();
    const invitee = ann.page.locator(`[data-testid=invitee][data-name="${GUEST}"]`);
    await invitee.getByTestId('guest-badge').waitFor();
    await invitee.getByTestId('invite-person').click();
    const invitation = guest.page.locator('[data-testid=invitation][data-name="密室"]');
    await invitation.waitFor();
    assert.equal(await guest.page.locator('[data-testid=room][data-name="密室"]').count(), 0);
    await guest.picture(OUT_DIR, 'invited');
    await invitation.getByTestId('invitation-accept').click();
    await guest.isIn('密室');
    await invitation.waitFor({ state: 'detached' });
    await ann.at('dialog-close').click();
    await ann.makeRoom('地窖');
    await ann.at('invite').click();
    await ann.page.locator(`[data-testid=invitee][data-name="${GUEST}"]`).getByTestId('invite-person').click();
    const refused = guest.page.locator('[data-testid=invitation][data-name="地窖"]');
    await refused.getByTestId('invitation-refuse').click();
    await refused.waitFor({ state: 'detached' });
    assert.equal(await guest.page.locator('[data-testid=room][data-name="地窖"]').count(), 0);
    await ann.at('dialog-close').click();
  },

  async 'no script failed, and the content policy refused nothing'() {
    assert.deepEqual([...ann.faults, ...guest.faults], []);
  },
};

await play(steps, windows);
