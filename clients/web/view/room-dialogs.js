/** Making a room, and finding public ones. */

import { t } from '../text/words.js';
import { avatar } from './avatar.js';
import { openDialog } from './dialog.js';
import { fill, h } from './dom.js';
import { foreign } from './foreign.js';
import { nameField } from './name-field.js';
import { toastProblem } from './toast.js';

const KINDS = [['group', 'kindGroup'], ['channel', 'kindChannel']];
const VISIBILITIES = [['public', 'visibilityPublic'], ['private', 'visibilityPrivate']];

/** `onMade(room)` gets the new room. */
export function createRoomDialog(calls, onMade) {
  const key = calls.newKey();
  const name = nameField(64, { id: 'room-name', name: 'name', required: true, autocomplete: 'off', 'data-testid': 'room-name-input' });
  const submit = h('button', { class: 'button', 'data-testid': 'room-create' }, t('create'));
  const form = h(
    'form',
    { class: 'dialog-form' },
    h('label', { for: 'room-name' }, t('roomName')),
    name,
    choice('kind', t('roomKind'), KINDS),
    choice('visibility', t('roomVisibility'), VISIBILITIES),
    h('div', { class: 'dialog-buttons' }, submit),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const facts = Object.fromEntries(new FormData(form));
    submit.disabled = true;
    try {
      onMade(await calls.create({ ...facts, name: facts.name.trim() }, key));
      dialog.close();
    } catch (problem) {
      toastProblem(problem);
    } finally {
      submit.disabled = false;
    }
  });
  const dialog = openDialog(t('newRoom'), 'create-dialog', form);
  name.focus();
}

function choice(name, label, options) {
  return h(
    'fieldset',
    { class: 'choice' },
    h('legend', {}, label),
    options.map(([value, text], index) =>
      h(
        'label',
        {},
        h('input', { type: 'radio', name, value, checked: index === 0, 'data-testid': `${name}-${value}` }),
        h('span', {}, h('strong', {}, t(text)), h('small', {}, t(`${text}Hint`))),
      ),
    ),
  );
}

/** `isMine(id)`; `onJoin(room)` joins and opens, `onOpen(id)` opens what is mine already. */
export async function browseDialog(calls, { isMine, onJoin, onOpen }) {
  const list = h('ul', { class: 'people-list', 'data-testid': 'public-rooms' }, h('li', { class: 'hint' }, t('loading')));
  const dialog = openDialog(t('browse'), 'browse-dialog', list);
  let rooms;
  try {
    rooms = await calls.listPublic();
  } catch (problem) {
    dialog.close();
    toastProblem(problem);
    return;
  }
  if (rooms.length === 0) fill(list, h('li', { class: 'hint' }, t('noPublicRooms')));
  else fill(list, rooms.map(item));

  function item(room) {
    const mine = isMine(room.id);
    const label = mine ? t('open') : t('join');
    const act = async (event) => {
      event.currentTarget.disabled = true;
      await (mine ? onOpen(room.id) : onJoin(room));
      dialog.close();
    };
    const { kind, member_count: members } = room;
    const facts = [t(kind === 'channel' ? 'kindChannel' : 'kindGroup'), members !== undefined && t('memberCount', { n: members })];
    return h(
      'li',
      { 'data-testid': 'public-room', 'data-name': room.name },
      avatar({ name: room.name }, 'avatar-room'),
      h('span', { class: 'list-words' }, h('strong', {}, foreign(room.name)), h('small', {}, facts.filter(Boolean).join(' · '))),
      h('button', { class: mine ? 'button button-plain' : 'button', type: 'button', 'data-testid': mine ? 'open-room' : 'join-room', onclick: act }, label),
    );
  }
}
