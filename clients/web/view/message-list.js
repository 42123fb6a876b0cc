/** The scrolling part of a conversation: keeps its place when older messages come, and its end when newer do. */

import { t } from '../text/words.js';
import { h, reconcile } from './dom.js';
import { icon } from './icons.js';
import { rowElement } from './message-row.js';

/** Closer to the end than this counts as being at the end. */
const END_PX = 80;
/** Older messages are asked for before the top is reached. */
const TOP_PX = 240;
const FLASH_MS = 1_600;

/** `acts` as in `message-row`, and `older()` (a promise) and `atEnd()` (the newest is in sight). */
export class MessageList {
  #acts;
  #rows = h('ol', { class: 'rows', 'aria-label': t('messages'), 'data-testid': 'messages' });
  #top = h('div', { class: 'list-top', 'data-testid': 'list-top' });
  #hint = h('p', { class: 'first-words', hidden: true });
  #scroll = h('div', { class: 'scroll', tabindex: '0', 'data-testid': 'scroll' }, this.#top, this.#hint, this.#rows);
  #jump = h('button', { class: 'jump', type: 'button', hidden: true, 'data-testid': 'jump', onclick: () => this.toEnd() });
  #isLoading = false;
  #isFollowing = true;
  #unseen = 0;
  #lastKey = null;

  constructor(acts) {
    this.#acts = acts;
    this.element = h('div', { class: 'list' }, this.#scroll, this.#jump);
    this.#scroll.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.#watchSize();
  }

  /** Shows rows; `isComplete`: nothing is older; `isLoaded`: the newest page is here. */
  draw(rows, { isComplete, isLoaded }) {
    const { scrollHeight, scrollTop } = this.#scroll;
    const firstBefore = this.#rows.firstElementChild?.dataset.key;
    const isFollowing = this.#isFollowing;
    this.#count(rows);
    this.#hint.hidden = !isLoaded || rows.length > 0;
    this.#hint.textContent = t('firstWords');
    this.#top.textContent = this.#topText(isComplete && rows.length > 0, isLoaded);
    reconcile(this.#rows, rows, (row) => rowElement(row, this.#acts));
    if (isFollowing) this.toEnd();
    else if (firstBefore && this.#rows.firstElementChild?.dataset.key !== firstBefore) {
      this.#scroll.scrollTop = scrollTop + this.#scroll.scrollHeight - scrollHeight;
    }
    this.#showJump();
    if (isLoaded && this.#isShort() && !isComplete) this.#loadOlder();
  }

  get isAtEnd() {
    return this.#isFollowing;
  }

  toEnd() {
    this.#isFollowing = true;
    this.#unseen = 0;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#showJump();
    this.#acts.atEnd();
  }

  /** Brings a message into sight; false where it isn't loaded. */
  goTo(id) {
    const item = this.#rows.querySelector(`[data-id="${CSS.escape(id)}"]`);
    if (!item) return false;
    item.scrollIntoView({ block: 'center' });
    item.classList.add('is-flashing');
    setTimeout(() => item.classList.remove('is-flashing'), FLASH_MS);
    return true;
  }

  #topText(isBeginning, isLoaded) {
    if (!isLoaded) return t('loading');
    if (this.#isLoading) return t('olderLoading');
    return isBeginning ? t('beginning') : '';
  }

  /** Counts what came while the person was reading further up. */
  #count(rows) {
    const index = rows.findIndex((row) => row.key === this.#lastKey);
    const fresh = index < 0 ? [] : rows.slice(index + 1).filter((row) => row.type === 'message' && !row.isMine);
    if (!this.#isFollowing) this.#unseen += fresh.length;
    this.#lastKey = rows.at(-1)?.key ?? null;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const wasFollowing = this.#isFollowing;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < END_PX;
    if (this.#isFollowing && !wasFollowing) {
      this.#unseen = 0;
      this.#acts.atEnd();
    }
    this.#showJump();
    if (scrollTop < TOP_PX) this.#loadOlder();
  }

  async #loadOlder() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      await this.#acts.older();
    } finally {
      this.#isLoading = false;
    }
  }

  #isShort() {
    return this.#scroll.clientHeight > 0 && this.#scroll.scrollHeight <= this.#scroll.clientHeight + TOP_PX;
  }

  #showJump() {
    this.#jump.hidden = this.#isFollowing;
    const label = this.#unseen > 0 ? t('jumpNew', { n: this.#unseen }) : t('jumpDown');
    this.#jump.replaceChildren(icon('down'), h('span', {}, label));
  }

  /** A picture that loads or a keyboard that opens must not push the newest message out of sight. */
  #watchSize() {
    const keepEnd = new ResizeObserver(() => {
      if (this.#isFollowing) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    });
    keepEnd.observe(this.#scroll);
    keepEnd.observe(this.#rows);
  }
}
