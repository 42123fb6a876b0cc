/** The button that changes the page's language. */

import { switchLanguage, t } from '../text/words.js';
import { h } from './dom.js';

export function languageButton(onSwitched) {
  const press = () => {
    switchLanguage();
    onSwitched();
  };
  return h(
    'button',
    { class: 'quiet-button', type: 'button', 'aria-label': t('languageLabel'), 'data-testid': 'language', onclick: press },
    t('language'),
  );
}
