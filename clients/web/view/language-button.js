/** The button that changes the page's language; it is named in the language that it changes to. */

import { currentLanguage, switchLanguage, t } from '../text/words.js';
import { h } from './dom.js';

export function languageButton(onSwitched) {
  const press = () => {
    switchLanguage();
    onSwitched();
  };
  return h(
    'button',
    { class: 'quiet-button', type: 'button', lang: currentLanguage() === 'zh' ? 'en' : 'zh', 'data-testid': 'language', onclick: press },
    t('language'),
  );
}
