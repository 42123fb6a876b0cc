/** Who asks to come into a room where a plugin leaves that to its moderators. */

import { t } from '../text/words.js';
import { avatar } from './avatar.js';
import { fill, h } from './dom.js';
import { toastProblem } from './toast.js';

/** A list that is empty until somebody asks; `onChange()` follows each answer. */
export function joinRequests(calls, room, onChange) {
  const list = h('ul', { class: 'people-list', 'data-testid': 'join-requests', 'aria-label': t('joinRequests') });
  // Whoever is no moderator any more finds nothing here, and needs no word about it.
  calls.joinRequests(room.id).then((requests) => fill(list, requests.map(item)), (problem) => problem.status === 404 || toastProblem(problem));
  return list;

  function item({ user, word, note }) {
    const answer = async (event, isWelcome) => {
      const line = event.currentTarget.closest('li');
      for (const button of line.querySelectorAll('button')) button.disabled = true;
      try {
        await calls.answerJoin(room.id, user.id, isWelcome);
        line.remove();
        onChange();
      } catch (problem) {
        for (const button of line.querySelectorAll('button')) button.disabled = false;
        toastProblem(problem);
      }
    };
    return h(
      'li',
      { 'data-testid': 'join-request', 'data-name': user.name },
      avatar(user),
      h('span', { class: 'list-words' }, h('strong', {}, user.name), h('small', {}, [t('wantsIn'), word, note].filter(Boolean).join(' · '))),
      h('button', { class: 'button', type: 'button', 'data-testid': 'join-accept', onclick: (event) => answer(event, true) }, t('accept')),
      h('button', { class: 'button button-plain', type: 'button', 'data-testid': 'join-refuse', onclick: (event) => answer(event, false) }, t('refuse')),
    );
  }
}
