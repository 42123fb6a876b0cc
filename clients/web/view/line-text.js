/** Events of a room's log as a line to read. */

import { t } from '../text/words.js';

const ROLES = { owner: 'roleOwner', admin: 'roleAdmin', member: 'roleMember' };
const CHANGES = {
  left: 'memberLeft',
  kicked: 'memberKicked',
  banned: 'memberBanned',
  unbanned: 'memberUnbanned',
  muted: 'memberMuted',
  unmuted: 'memberUnmuted',
  role: 'memberRole',
};

/** `line` is a `member` or `room` event, with `by_name` where the page knows who did it. */
export function lineText(line) {
  if (line.type === 'room') return roomText(line);
  const values = { name: line.user.name, by: line.by_name || t('somebody'), role: t(ROLES[line.role] ?? 'roleMember') };
  if (line.change === 'joined') return t(line.by === line.user.id ? 'memberJoined' : 'memberInvited', values);
  return t(CHANGES[line.change] ?? 'roomChanged', values);
}

function roomText({ name, announcement }) {
  if (name) return t('roomRenamed', { name });
  if (announcement) return t('roomAnnounced', { text: announcement });
  return t('roomChanged');
}

export function roleText(role) {
  return t(ROLES[role] ?? 'roleMember');
}
