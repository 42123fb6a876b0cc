/** Short words at the edge of the page, for what has just happened. */

import { errorText, isolated, refusalText } from '../text/words.js';
import { h } from './dom.js';

const SHOWN_MS = 4_000;

export function toast(text, kind = 'info') {
  const element = h('div', { class: `toast toast-${kind}`, 'data-testid': 'toast' }, text);
  document.getElementById('toasts').append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}

/** Says what a call was refused for; anything that isn't a refusal is a fault of this page, and goes on. */
export function toastProblem(problem) {
  if (problem.code === undefined) throw problem;
  toast(problem.code === 'rejected' ? refusalText(problem) : errorText(problem.code, isolated(problem.detail ?? '')), 'error');
}

/** Tells those who can't see the page. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}
