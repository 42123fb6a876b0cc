/** Whether there is a connection, and what can be done where there is none. */

import { t } from '../text/words.js';
import { fill, h } from './dom.js';

const TICK_MS = 500;
const GOOD_NEWS_MS = 2_000;

const ENDED = { banned: 'endedBanned', elsewhere: 'endedElsewhere' };

/** `acts`: `retry()`, `useHere()`. */
export class StatusBar {
  element = h('div', { class: 'status', role: 'status', 'data-testid': 'connection', 'data-phase': 'connecting' });
  #acts;
  #timer = null;
  #wasOffline = false;

  constructor(acts) {
    this.#acts = acts;
  }

  draw(state) {
    clearInterval(this.#timer);
    clearTimeout(this.#timer);
    this.element.dataset.phase = state.phase;
    const show = { connecting: () => this.#connecting(), online: () => this.#online(), offline: () => this.#offline(state), ended: () => this.#ended(state) };
    show[state.phase]();
  }

  stop() {
    clearInterval(this.#timer);
    clearTimeout(this.#timer);
  }

  #connecting() {
    fill(this.element, h('span', { class: 'spinner', 'aria-hidden': 'true' }), h('span', {}, t('connecting')));
  }

  #online() {
    fill(this.element, this.#wasOffline && h('span', {}, t('backOnline')));
    if (this.#wasOffline) this.#timer = setTimeout(() => fill(this.element), GOOD_NEWS_MS);
    this.#wasOffline = false;
  }

  #offline({ retryAt }) {
    this.#wasOffline = true;
    // The countdown is for the eye; read aloud each second it would be a nuisance.
    const left = h('span', { 'aria-live': 'off', 'data-testid': 'countdown' });
    const tick = () => {
      const seconds = Math.ceil((retryAt - Date.now()) / 1000);
      left.textContent = seconds > 0 ? t('offline', { n: seconds }) : t('offlineSoon');
    };
    tick();
    this.#timer = setInterval(tick, TICK_MS);
    fill(this.element, left, h('button', { type: 'button', 'data-testid': 'retry-now', onclick: () => this.#acts.retry() }, t('retryNow')));
  }

  #ended({ reason }) {
    const text = ENDED[reason];
    fill(
      this.element,
      text && h('span', {}, t(text)),
      reason === 'elsewhere' && h('button', { type: 'button', onclick: () => this.#acts.useHere() }, t('useHere')),
    );
  }
}
