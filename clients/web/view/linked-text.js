/** Text in which web addresses can be followed. */

import { h } from './dom.js';

/** Ends before what rather belongs to the sentence than to the address: closing marks, Latin or Chinese. */
const ADDRESS = /https?:\/\/[^\s<>"'，。！？；：、）】》」”’]+[^\s<>"'，。！？；：、）】》」”’.,!?;:)\]]/gi;

/** Pieces to put into an element: text, and links for addresses in it. */
export function linkedText(text) {
  const pieces = [];
  let end = 0;
  for (const { 0: address, index } of text.matchAll(ADDRESS)) {
    pieces.push(text.slice(end, index), h('a', { href: address, target: '_blank', rel: 'noopener noreferrer', dir: 'ltr' }, address));
    end = index + address.length;
  }
  return [...pieces, text.slice(end)];
}
