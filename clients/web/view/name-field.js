/** A field for a name: as long as the server takes one, counted as people count, so that a family of three is one character. */

import { t } from '../text/words.js';
import { h } from './dom.js';

const segmenter = globalThis.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Where the browser can't tell characters, each code point counts: too strict rather than too lax. */
export function charactersOf(text) {
  return segmenter ? [...segmenter.segment(text)].length : [...text].length;
}

export function nameField(most, props) {
  const field = h('input', { dir: 'auto', ...props });
  field.addEventListener('input', () => {
    const excess = charactersOf(field.value.trim()) - most;
    field.setCustomValidity(excess > 0 ? t('tooLong', { n: excess }) : '');
  });
  return field;
}
