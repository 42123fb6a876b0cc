/** Reads aloud what becomes of what I wrote: refused, held, let through, changed. Who doesn't see the page hears it. */

import { t } from '../text/words.js';
import { failureText } from './message-row.js';
import { announce } from './toast.js';

export class ChangesAloud {
  #before = null;

  /** What is new since the rows before is said; at the first look nothing is. */
  look(rows) {
    const mine = rows.filter((row) => row.type === 'message' && row.isMine);
    const now = new Map(mine.map((row) => [row.key, `${row.state} ${row.code ?? ''} ${row.why?.reason ?? ''} ${row.replaced?.by ?? ''}`]));
    if (this.#before) {
      for (const row of mine) this.#say(row, this.#before.get(row.key), now.get(row.key));
    }
    this.#before = now;
  }

  #say(row, before, now) {
    // What was never under way here came from elsewhere, such as a page of history.
    if (before === undefined || before === now) return;
    if (row.state === 'failed') announce(failureText(row));
    else if (row.state === 'held') announce(t('held'));
    else if (row.replaced) announce([t('replacedBy', { by: row.replaced.by }), row.replaced.note].filter(Boolean).join(' · '));
    else if (before.startsWith('held')) announce(t('noticeReleased', { room: '' }));
  }
}
