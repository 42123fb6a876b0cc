/** Who is in a room, and inviting others into it. */

import { t } from '../text/words.js';
import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { fill, h } from './dom.js';
import { foreign, personMark } from './foreign.js';
import { icon } from './icons.js';
import { roleText } from './line-text.js';
import { toast, toastProblem } from './toast.js';

/** The members of a room, each as `{id, name, avatar, role}`. */
async function membersOf(calls, chat, room) {
  const members = (await calls.members(room)).map(({ user, role }) => ({ ...user, role }));
  for (const member of members) chat.people.met(member);
  return members;
}

const RANKS = ['member', 'admin', 'owner'];

/** Only who stands above another may remove them; the server decides, this only spares a button that can't work. */
function outranks(mine, theirs) {
  return RANKS.indexOf(mine) > RANKS.indexOf(theirs);
}

/** `onDirect(user)` opens a conversation with one person. */
export async function membersDialog(calls, chat, room, onDirect) {
  const list = h('ul', { class: 'people-list', 'data-testid': 'member-list' }, h('li', { class: 'hint' }, t('loading')));
  const dialog = openDialog(t('members'), 'members-dialog', list);
  let members = [];
  const draw = () => fill(list, members.map(item));
  try {
    members = await membersOf(calls, chat, room.id);
    draw();
    const stop = chat.on('presence', draw);
    dialog.addEventListener('close', stop);
    chat.watchPresence(members.map(({ id }) => id));
  } catch (problem) {
    dialog.close();
    toastProblem(problem);
  }

  async function remove(member) {
    try {
      await calls.remove(room.id, member.id);
      members = members.filter((other) => other !== member);
      draw();
    } catch (problem) {
      toastProblem(problem);
    }
  }

  function item(member) {
    const isMe = member.id === chat.me.id;
    const isOnline = isMe || chat.people.isOnline(member.id);
    const write = () => {
      dialog.close();
      onDirect(member.id);
    };
    return h(
      'li',
      { 'data-testid': 'member', 'data-name': member.name },
      h('span', { class: 'me-face' }, avatar(member), h('span', { class: 'phase-dot', 'data-phase': isOnline ? 'online' : 'away' })),
      h(
        'span',
        { class: 'list-words' },
        h('span', { class: 'named' }, h('strong', {}, foreign(member.name), isMe && ` (${t('you')})`), personMark(member)),
        h('small', {}, [member.role && roleText(member.role), isOnline && t('online')].filter(Boolean).join(' · ')),
      ),
      outranks(room.role, member.role) && h('button', { class: 'icon-button', type: 'button', 'aria-label': t('remove'), title: t('remove'), 'data-testid': 'remove-member', onclick: () => remove(member) }, icon('leave')),
      !isMe && !member.is_bot && room.kind !== 'direct' && h('button', { class: 'button button-plain', type: 'button', 'data-testid': 'direct', onclick: write }, t('sendMessage')),
    );
  }
}

/** People of the lobby (everybody is in it) who aren't in the room yet. */
export async function inviteDialog(calls, chat, room) {
  const list = h('ul', { class: 'people-list', 'data-testid': 'invite-list' }, h('li', { class: 'hint' }, t('loading')));
  const dialog = openDialog(t('inviteTitle'), 'invite-dialog', list);
  try {
    const [everybody, members] = await Promise.all([membersOf(calls, chat, chat.lobby), membersOf(calls, chat, room.id)]);
    const inside = new Set(members.map(({ id }) => id));
    const outside = everybody.filter(({ id }) => !inside.has(id));
    fill(list, outside.length > 0 ? outside.map(item) : h('li', { class: 'hint' }, t('inviteNobody')));
  } catch (problem) {
    dialog.close();
    toastProblem(problem);
  }

  function item(person) {
    const invite = async (event) => {
      const button = event.currentTarget;
      button.disabled = true;
      try {
        await calls.invite(room.id, person.id);
        button.textContent = '✓';
        toast(t('invited', { name: person.name }));
      } catch (problem) {
        button.disabled = false;
        toastProblem(problem);
      }
    };
    return h(
      'li',
      { 'data-testid': 'invitee', 'data-name': person.name },
      avatar(person),
      h('span', { class: 'list-words' }, h('span', { class: 'named' }, h('strong', {}, foreign(person.name)), personMark(person))),
      h('button', { class: 'button button-plain', type: 'button', 'data-testid': 'invite-person', onclick: invite }, t('invite')),
    );
  }
}
