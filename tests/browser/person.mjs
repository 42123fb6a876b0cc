/** Somebody with a browser window of their own: what they do on the page, and what they can see there. */

const WAIT_MS = 20_000;

/** The words of all bubbles in order, as the page shows them. */
const readTexts = () => [...document.querySelectorAll('[data-testid=message] [data-testid=text]')].map((element) => element.textContent);

export class Person {
  /** What went wrong in the window by itself: uncaught errors, and refusals of the content policy. */
  faults = [];

  constructor(name, page, address) {
    this.name = name;
    this.page = page;
    this.address = address;
    page.setDefaultTimeout(WAIT_MS);
    page.on('pageerror', (error) => this.faults.push(`${name}: ${error.stack ?? error}`));
    page.on('console', (line) => {
      if (line.type() === 'error' && /Content Security Policy|Uncaught/.test(line.text())) this.faults.push(`${name}: ${line.text()}`);
    });
  }

  at(testid) {
    return this.page.getByTestId(testid);
  }

  /** Creates a person of WeChat's simulator and signs in as them; as a guest where there is no simulator. */
  async comeIn() {
    await this.page.goto(this.address);
    await this.at('sign-in').waitFor();
    await this.page.waitForLoadState('networkidle');
    if (await this.at('person-nickname').isVisible()) {
      await this.at('person-nickname').fill(this.name);
      await this.at('person-create').click();
      await this.page.locator(`[data-testid=person][data-name="${this.name}"]`).last().click();
    } else {
      await this.at('guest-name').fill(this.name);
      await this.at('guest-enter').click();
    }
    await this.isPhase('online');
  }

  async makeRoom(name) {
    await this.at('new-room').click();
    await this.at('room-name-input').fill(name);
    await this.at('room-create').click();
    await this.isIn(name);
  }

  async joinRoom(name) {
    await this.at('browse-rooms').click();
    await this.page.locator(`[data-testid=public-room][data-name="${name}"]`).getByTestId('join-room').click();
    await this.isIn(name);
  }

  async openRoom(name) {
    await this.page.locator(`[data-testid=room][data-name="${name}"]`).click();
    await this.isIn(name);
  }

  async isIn(name) {
    await this.page.locator('[data-testid=room-name]', { hasText: name }).waitFor();
    await this.at('composer').waitFor();
  }

  async say(...texts) {
    for (const text of texts) {
      await this.at('composer').fill(text);
      await this.at('composer').press('Enter');
      await this.message(text).waitFor();
    }
  }

  /** The message with these words; the newest where there are several. */
  message(text) {
    return this.page.locator('[data-testid=message]', { hasText: text }).last();
  }

  async act(text, name) {
    await this.message(text).hover();
    await this.message(text).getByTestId(`act-${name}`).click();
  }

  async isPhase(phase) {
    await this.page.locator(`[data-testid=connection][data-phase="${phase}"]`).waitFor({ state: 'attached' });
  }

  async isState(text, state) {
    await this.page.locator(`[data-testid=message][data-state="${state}"]`, { hasText: text }).waitFor();
  }

  texts() {
    return this.page.evaluate(readTexts);
  }

  /** Waits until the bubbles are just these, in this order; says what was there instead. */
  async sees(wanted) {
    await this.#waitFor(wanted, (texts, want) => JSON.stringify(texts) === JSON.stringify(want));
  }

  /** Waits until the newest bubbles are these. */
  async seesLast(wanted) {
    await this.#waitFor(wanted, (texts, want) => JSON.stringify(texts.slice(-want.length)) === JSON.stringify(want));
  }

  async #waitFor(wanted, isRight) {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const texts = await this.texts();
      if (isRight(texts, wanted)) return;
      if (Date.now() > end) throw new Error(`${this.name} should see ${JSON.stringify(wanted)}, but sees ${JSON.stringify(texts)}`);
      await this.page.waitForFunction((before) => JSON.stringify([...document.querySelectorAll('[data-testid=message] [data-testid=text]')].map((element) => element.textContent)) !== before, JSON.stringify(texts), { timeout: Math.max(1, end - Date.now()) }).catch(() => {});
    }
  }

  /** Calls the REST surface with this person's own session. */
  call(method, path, body) {
    return this.page.evaluate(
      async ([verb, where, what]) => {
        const { token } = JSON.parse(sessionStorage.getItem('teahouse.session'));
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json; charset=utf-8' };
        const answer = await fetch(where, { method: verb, headers, body: what && JSON.stringify(what) });
        return { status: answer.status, retryAfter: Number(answer.headers.get('Retry-After') ?? 0), body: await answer.json().catch(() => null) };
      },
      [method, path, body],
    );
  }

  async picture(folder, name) {
    await this.page.mouse.move(0, 0);
    // A dialog or a message that is still moving makes a blurred picture.
    await this.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)));
    await this.page.screenshot({ path: `${folder}/${name}.png` });
  }
}
