/** The way in: be one of the simulator's people, or come as a guest. */

import { createPerson, findPeople, signInAs, signInAsGuest } from '../core/sign-in.js';
import { errorText, refusalText, t } from '../text/words.js';
import { avatar } from './avatar.js';
import { fill, h } from './dom.js';
import { foreign } from './foreign.js';
import { icon } from './icons.js';
import { languageButton } from './language-button.js';
import { nameField } from './name-field.js';
import { scene } from './scene.js';

/** `reason` says why somebody is here again; `onSession` gets the session, `onLanguage` draws everything anew. */
export function signInView({ rest, reason, onSession, onLanguage }) {
  const notice = h('p', { class: 'notice', role: 'alert', 'data-testid': 'sign-in-notice', hidden: true });
  const people = h('section', { class: 'sign-in-people', 'aria-label': t('signInPeople'), hidden: true });
  const guest = guestForm(enter);
  const card = h(
    'div',
    { class: 'sign-in-card' },
    h('header', {}, h('h1', {}, t('signInTitle')), languageButton(onLanguage)),
    notice,
    people,
    guest,
  );

  if (reason) tell(errorText(reason));
  showPeople();
  return h('main', { class: 'sign-in', 'data-testid': 'sign-in' }, scene(), card);

  async function showPeople() {
    try {
      const found = await findPeople(rest);
      if (found) drawPeople(people, found, { choose, create });
      people.hidden = found === null;
    } catch (problem) {
      tell(errorText(problem.code ?? 'internal', problem.detail));
    }
  }

  function choose(person) {
    return enter(() => signInAs(rest, person.id));
  }

  async function create(nickname) {
    await attempt(async () => {
      await createPerson(rest, nickname);
      await showPeople();
    });
  }

  function enter(signIn) {
    return attempt(async () => onSession(await signIn()));
  }

  async function attempt(act) {
    notice.hidden = true;
    card.inert = true;
    card.setAttribute('aria-busy', 'true');
    try {
      await act();
    } catch (problem) {
      if (problem.code === 'guests_not_allowed') fill(guest, h('p', { class: 'hint', 'data-testid': 'no-guests' }, t('comeByMiniProgram')));
      // A plugin refused the name; its own words say more than the code, and another name may do.
      tell(problem.code === 'rejected' ? refusalText(problem) : errorText(problem.code ?? 'internal', problem.detail));
    } finally {
      card.inert = false;
      card.removeAttribute('aria-busy');
    }
  }

  function tell(text) {
    notice.textContent = text;
    notice.hidden = false;
  }

  function guestForm(onEnter) {
    const name = nameField(32, { id: 'guest-name', autocomplete: 'nickname', placeholder: t('guestName'), 'aria-label': t('guestName'), 'data-testid': 'guest-name' });
    const submit = (event) => {
      event.preventDefault();
      onEnter(() => signInAsGuest(rest, name.value.trim()));
    };
    return h(
      'form',
      { class: 'sign-in-guest', onsubmit: submit },
      h('h2', {}, t('guestTitle')),
      h('div', { class: 'field-row' }, name, h('button', { class: 'button', 'data-testid': 'guest-enter' }, icon('door'), t('guestEnter'))),
    );
  }
}

function drawPeople(section, people, { choose, create }) {
  const nickname = nameField(32, { id: 'nickname', required: true, placeholder: t('nickname'), 'aria-label': t('createPerson'), 'data-testid': 'person-nickname' });
  const submit = (event) => {
    event.preventDefault();
    if (nickname.value.trim()) create(nickname.value.trim());
  };
  fill(
    section,
    h('h2', {}, t('signInPeople')),
    h('p', { class: 'hint' }, people.length > 0 ? t('signInPeopleHint') : t('signInNoPeople')),
    h('ul', { class: 'people' }, people.map((person) => personItem(person, choose))),
    h(
      'form',
      { class: 'field-row', onsubmit: submit },
      nickname,
      h('button', { class: 'button button-plain', 'data-testid': 'person-create' }, icon('plus'), t('create')),
    ),
    h('div', { class: 'or', 'aria-hidden': 'true' }, h('span', {}, t('or'))),
  );
}

function personItem(person, choose) {
  const name = person.nickname || person.id;
  const face = avatar({ name, avatar: person.avatar });
  return h(
    'li',
    {},
    h('button', { class: 'person', type: 'button', 'data-testid': 'person', 'data-name': name, onclick: () => choose(person) }, face, h('span', {}, foreign(name))),
  );
}
