/** Messages of other kinds than text: pictures are shown, the rest is a card with a safe way to it. */

import { t } from '../text/words.js';
import { h } from './dom.js';
import { foreign } from './foreign.js';
import { messageText } from './room-names.js';

export function mediaBody(row) {
  const content = typeof row.content === 'object' && row.content ? row.content : {};
  if (row.kind === 'image' && isSafe(content.url)) return picture(content);
  const address = row.kind === 'location' ? mapAddress(content) : content.url;
  const words = [
    h('small', {}, t(`kind_${row.kind}`)),
    h('strong', {}, foreign(content.title ?? content.name ?? messageText(row))),
    detail(content) && h('span', {}, foreign(detail(content))),
  ];
  if (!isSafe(address)) return h('div', { class: 'media-card' }, ...words);
  return h('a', { class: 'media-card', href: address, target: '_blank', rel: 'noopener noreferrer' }, ...words);
}

function picture({ url, alt, width, height }) {
  const image = h('img', { src: url, alt: alt ?? t('kind_image'), width, height, loading: 'lazy', referrerpolicy: 'no-referrer' });
  return h('a', { class: 'media-picture', href: url, target: '_blank', rel: 'noopener noreferrer' }, image);
}

function detail({ description, text, address }) {
  return description ?? text ?? address ?? null;
}

function mapAddress({ latitude, longitude }) {
  if (!Number.isFinite(latitude) || !Number.isFinite(longitude)) return null;
  return `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=16/${latitude}/${longitude}`;
}

/** Only the web: an address such as `javascript:` must never become a link. */
export function isSafe(url) {
  return typeof url === 'string' && /^https?:\/\//i.test(url);
}
