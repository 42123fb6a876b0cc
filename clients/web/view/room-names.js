/** What a room is called, and what its last message reads like in one line. */

import { plainText } from '../core/rows.js';
import { t } from '../text/words.js';

/** A direct room has no name of its own: it is called after the other person. */
export function roomName(room) {
  if (room.kind === 'direct') return room.peer?.name || room.name || t('kindDirect');
  return room.name || t('loading');
}

export function messageText(message) {
  if (message.recalled || message.recalled_at) return t('recalledShort');
  if (typeof message.content === 'string') return message.content;
  return message.text || (message.content ? plainText(message) : t(`kind_${message.kind}`));
}

/** "Bob: see you", with no name where it is mine or where there are only two; as `{key?, name?, text?}` for `sentence`. */
export function lastLine(room, me) {
  const { last } = room;
  if (!last) return { key: 'noMessages' };
  const text = messageText(last);
  if (last.sender.id === me || room.kind === 'direct') return { text };
  return { key: 'saidBy', name: last.sender.name, text };
}
