/** The rooms that I am invited into, which I accept or refuse. */

import { Emitter } from './emitter.js';

/** So many are shown; when they are answered, the next ones come. */
const PAGE = 50;

/** Topic: `changed`. An item is what REST gives: `{room: {id, name, kind}, invited_by, role, invited_at}`. */
export class Invitations extends Emitter {
  items = [];
  #rest;
  #turn = 0;

  constructor(rest) {
    super();
    this.#rest = rest;
  }

  /** Reads them anew; of two who read at once the later one counts. */
  async refresh() {
    const turn = (this.#turn += 1);
    const { items } = await this.#rest.get('v1/invitations', { limit: PAGE });
    if (turn !== this.#turn) return;
    this.items = items;
    this.emit('changed');
  }

  /** Resolves when I am a member of the room. */
  accept(room) {
    return this.#answer(room, 'accept');
  }

  refuse(room) {
    return this.#answer(room, 'refuse');
  }

  /** Whatever the server says, what it knows now is what is shown: it may have been taken back meanwhile. */
  async #answer(room, word) {
    try {
      await this.#rest.post(`v1/invitations/${room}/${word}`);
      this.items = this.items.filter((item) => item.room.id !== room);
      this.emit('changed');
    } finally {
      this.refresh().catch(() => {});
    }
  }
}
