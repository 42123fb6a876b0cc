/** What of mine filters keep from a room: read from the server, so that it is there on every device and after a reload. */

/** A refusal this old needs no word any more. */
const RECENT_MS = 24 * 60 * 60_000;
const PUT_AWAY = 'teahouse.put-away';
const MOST_PUT_AWAY = 200;

export class Kept {
  #rest;
  #clock;
  #storage;
  #rooms = new Map();

  /** `storage` remembers which refusals were put away. */
  constructor({ rest, clock, storage }) {
    this.#rest = rest;
    this.#clock = clock;
    this.#storage = storage;
  }

  /** Reads what is kept from a room; what can't be read stays as it was known. */
  async read(room) {
    const { items } = await this.#rest.get(`v1/rooms/${room}/held/mine`);
    this.#rooms.set(room, items);
    return items;
  }

  /** What the server says of one of my messages in a room. */
  find(room, id) {
    return this.#all(room).find((item) => item.id === id);
  }

  /** Messages that wait, or were refused lately, as rows of a conversation need them; oldest first. */
  entries(room) {
    const putAway = new Set(this.#putAway());
    const oldest = this.#clock.now() - RECENT_MS;
    const shown = this.#all(room).filter(({ id, edit_of: editOf, state, decided_at: at }) => {
      if (editOf) return false;
      return state === 'held' || (!putAway.has(id) && new Date(at).getTime() > oldest);
    });
    return shown.map(entryOf).reverse();
  }

  /** The ids of my messages of which a change waits. */
  edits(room) {
    return new Set(this.#all(room).filter(({ edit_of: editOf, state }) => editOf && state === 'held').map(({ edit_of: editOf }) => editOf));
  }

  /** An edit of mine waits from now on. */
  editWaits(room, message) {
    this.#rooms.set(room, [{ id: `edit-${message}`, edit_of: message, state: 'held' }, ...this.#all(room)]);
  }

  /** It is in the room now, or was taken back. */
  gone(room, id) {
    if (this.#rooms.has(room)) this.#rooms.set(room, this.#all(room).filter((item) => item.id !== id));
  }

  /** Its refusal was read. */
  putAway(room, id) {
    this.gone(room, id);
    try {
      this.#storage.setItem(PUT_AWAY, JSON.stringify([id, ...this.#putAway()].slice(0, MOST_PUT_AWAY)));
    } catch {
      // Storage full or forbidden: it comes back with the next reload, for a day.
    }
  }

  #all(room) {
    return this.#rooms.get(room) ?? [];
  }

  #putAway() {
    try {
      const ids = JSON.parse(this.#storage.getItem(PUT_AWAY) ?? '[]');
      return Array.isArray(ids) ? ids : [];
    } catch {
      return [];
    }
  }
}

function entryOf({ id, client_id, room, kind, content, reply_to, at, state, reason }) {
  const common = { id: client_id ?? id, room, kind, content, at, message: id, isOnServer: true, ...(reply_to && { reply_to }) };
  return state === 'held' ? { ...common, state: 'held' } : { ...common, state: 'failed', code: 'held_refused', why: { reason } };
}
