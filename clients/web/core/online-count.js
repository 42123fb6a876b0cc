/** When the number of those online is asked again: in a room where many come and go it must not be asked for each. */

/** How soon after somebody came or went; up to twice this. */
const SOON_MS = 4_000;

export class OnlineCount {
  #clock;
  #ask;
  #timer = null;

  constructor(clock, ask) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Somebody came or went. */
  changed() {
    if (this.#timer !== null) return;
    const wait = SOON_MS * (1 + this.#clock.random());
    this.#timer = this.#clock.setTimeout(() => {
      this.#timer = null;
      this.#ask();
    }, wait);
  }
}
