/** What I am invited into, above my rooms: the room's name, who asks, and a way to say yes or no. */

import { t } from '../text/words.js';
import { avatar } from './avatar.js';
import { h, reconcile } from './dom.js';
import { foreign, personMark, sentence } from './foreign.js';
import { toastProblem } from './toast.js';

export class InvitationList {
  #invitations;
  #onAccepted;
  #list = h('ul', { class: 'invitation-items' });
  element = h('section', { class: 'invitations', 'aria-label': t('invitations'), 'data-testid': 'invitations', hidden: true }, h('h2', {}, t('invitations')), this.#list);

  /** `onAccepted(room id)` is called once I am in. */
  constructor(invitations, onAccepted) {
    this.#invitations = invitations;
    this.#onAccepted = onAccepted;
  }

  draw() {
    const models = this.#invitations.items.map((item) => ({ key: item.room.id, ...item }));
    reconcile(this.#list, models, (model) => this.#item(model));
    this.element.hidden = models.length === 0;
  }

  #item({ key, room, invited_by: inviter }) {
    const button = (name, label, look, act) =>
      h('button', { class: look, type: 'button', 'data-testid': `invitation-${name}`, 'data-focus': `${key}-${name}`, onclick: (event) => this.#answer(event.currentTarget, act) }, label);
    return h(
      'li',
      { class: 'invitation', 'data-testid': 'invitation', 'data-name': room.name },
      avatar({ name: room.name }, 'avatar-room'),
      h(
        'div',
        { class: 'invitation-words' },
        h('strong', {}, foreign(room.name)),
        h('small', {}, sentence('invitedBy', { name: inviter.name }), personMark(inviter)),
        h(
          'div',
          { class: 'invitation-acts' },
          button('accept', t('invitationAccept'), 'button', async () => {
            await this.#invitations.accept(key);
            this.#onAccepted(key);
          }),
          button('refuse', t('refuse'), 'button button-plain', () => this.#invitations.refuse(key)),
        ),
      ),
    );
  }

  async #answer(button, act) {
    if (button.getAttribute('aria-disabled')) return;
    button.setAttribute('aria-disabled', 'true');
    try {
      await act();
    } catch (problem) {
      toastProblem(problem);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  }
}
