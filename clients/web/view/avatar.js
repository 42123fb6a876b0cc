/** Pictures of people and rooms; a coloured initial where there is none, or where it doesn't load. */

import { h } from './dom.js';
import { foreign } from './foreign.js';

const HUES = 8;

export function avatar({ name, avatar: url }, className = '') {
  const initial = h('span', { class: `avatar hue-${hueOf(name)} ${className}`, 'aria-hidden': 'true' }, foreign(initialOf(name)));
  const address = safeAddress(url);
  if (address) {
    const picture = h('img', { src: address, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer' });
    picture.addEventListener('error', () => picture.remove());
    initial.append(picture);
  }
  return initial;
}

/** By name, which is the same before and after signing in, so that a person keeps the colour. */
function hueOf(name = '') {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) >>> 0;
  return sum % HUES;
}

function initialOf(name) {
  const [first = '·'] = (name ?? '').trim();
  return first.toUpperCase();
}

/** The content policy allows these two as well; anything else would only be an error in the console. */
function safeAddress(url) {
  return typeof url === 'string' && /^(https:|data:image\/)/i.test(url) ? url : null;
}
