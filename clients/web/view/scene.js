/** The picture beside the way in: a cup of tea, its steam, the house's name. */

import { t } from '../text/words.js';
import { h } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function scene() {
  return h(
    'aside',
    { class: 'scene', 'aria-hidden': 'true' },
    h('div', { class: 'scene-words' }, h('span', { class: 'seal' }, '茶'), h('strong', {}, t('title')), h('p', {}, t('tagline'))),
    cup(),
  );
}

/** A gaiwan cup on its saucer, before the moon. */
export function cup() {
  return drawn(
    'svg',
    { viewBox: '0 0 320 300', class: 'cup' },
    drawn('circle', { cx: 214, cy: 92, r: 66, class: 'cup-moon' }),
    drawn('path', { class: 'cup-hill', d: 'M0 232 C50 176 92 188 128 210 C170 160 236 168 320 222 L320 300 L0 300 Z' }),
    drawn('path', { class: 'cup-steam steam-1', d: 'M132 128 C118 108 148 96 134 74 C124 58 140 48 136 34' }),
    drawn('path', { class: 'cup-steam steam-2', d: 'M160 124 C146 100 176 90 162 64 C152 46 168 36 164 20' }),
    drawn('path', { class: 'cup-steam steam-3', d: 'M188 128 C174 108 204 96 190 76 C180 60 196 50 192 38' }),
    drawn('ellipse', { class: 'cup-saucer', cx: 160, cy: 252, rx: 92, ry: 15 }),
    drawn('path', { class: 'cup-body', d: 'M92 148 C94 206 122 246 160 246 C198 246 226 206 228 148 Z' }),
    drawn('ellipse', { class: 'cup-rim', cx: 160, cy: 148, rx: 68, ry: 15 }),
    drawn('ellipse', { class: 'cup-tea', cx: 160, cy: 150, rx: 57, ry: 10.5 }),
    drawn('path', { class: 'cup-leaf', d: 'M138 200 C150 182 172 182 184 196 C170 210 152 212 138 200 Z M138 200 C152 198 168 197 184 196' }),
  );
}
