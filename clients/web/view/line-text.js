/** Events of a room's log as a line to read, its foreign words isolated. */

import { t } from '../text/words.js';
import { personMark, sentence } from './foreign.js';

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

/** `line` is a `member` or `room` event, with `by_name` where the page knows who did it. The end says who is no user. */
export function lineWords(line) {
  if (line.type === 'room') return roomWords(line);
  const values = { name: line.user.name, by: line.by_name || t('somebody'), role: t(ROLES[line.role] ?? 'roleMember') };
  return [sentence(memberKey(line), values), personMark(line.user)].flat();
}

function memberKey({ change, by, user }) {
  if (change === 'joined') return by === user.id ? 'memberJoined' : 'memberInvited';
  return CHANGES[change] ?? 'roomChanged';
}

function roomWords({ name, announcement }) {
  if (name) return sentence('roomRenamed', { name });
  if (announcement) return sentence('roomAnnounced', { text: announcement });
  return t('roomChanged');
}

export function roleText(role) {
  return t(ROLES[role] ?? 'roleMember');
}
