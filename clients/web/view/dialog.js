/** A modal dialog: a title, a way out, and what is inside. The browser keeps the focus in it. */

import { t } from '../text/words.js';
import { h } from './dom.js';
import { icon } from './icons.js';

let count = 0;

/** Opens a dialog; `close()` of what is returned closes it. */
export function openDialog(title, testid, ...content) {
  count += 1;
  const titleId = `dialog-title-${count}`;
  const close = h('button', { class: 'icon-button', type: 'button', 'aria-label': t('close'), 'data-testid': 'dialog-close' }, icon('close'));
  const opener = document.activeElement?.dataset?.testid;
  const dialog = h('dialog', { class: 'dialog', 'aria-labelledby': titleId, 'data-testid': testid }, h('header', {}, h('h2', { id: titleId }, title), close), ...content);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    // What opened it may have been drawn anew meanwhile, so that the browser can't give the focus back.
    if (opener && document.activeElement === document.body) document.querySelector(`[data-testid="${CSS.escape(opener)}"]`)?.focus();
  });
  // A press beside the dialog lands on the dialog element itself.
  dialog.addEventListener('mousedown', (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks before something that can't be undone; resolves to whether to do it. */
export function confirmDialog(question, yes) {
  return new Promise((resolve) => {
    const confirm = h('button', { class: 'button button-danger', type: 'button', 'data-testid': 'confirm' }, yes);
    const cancel = h('button', { class: 'button button-plain', type: 'button' }, t('cancel'));
    const dialog = openDialog(question, 'confirm-dialog', h('div', { class: 'dialog-buttons' }, cancel, confirm));
    let answer = false;
    confirm.addEventListener('click', () => {
      answer = true;
      dialog.close();
    });
    cancel.addEventListener('click', () => dialog.close());
    dialog.addEventListener('close', () => resolve(answer));
  });
}
