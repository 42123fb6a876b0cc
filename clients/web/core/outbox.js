/** Messages written but not yet acknowledged. They survive a lost connection and a reloaded page. */

/**
 * An entry: `{id, room, content, reply_to?, at, state, code?, why?, message?}`. Its `state` is `sending` (goes out, or
 * will as soon as there is a connection), `failed` (refused or unanswered; the person decides) or `held` (a moderator
 * decides; `message` is its id there). `why` is what the server said: `{by?, reason?, rule?, detail?}`.
 * The id never changes: sending again with the same id is what makes a repeated message impossible.
 */
export class Outbox {
  #entries = [];
  #storage;
  #key;

  constructor(storage, key) {
    this.#storage = storage;
    this.#key = key;
    this.#entries = read(storage, key);
  }

  /** Entries in the order in which they were written, of one room or of all. */
  list(room) {
    return this.#entries.filter((entry) => room === undefined || entry.room === room);
  }

  find(id) {
    return this.#entries.find((entry) => entry.id === id);
  }

  add(entry) {
    this.#entries.push({ ...entry, state: 'sending' });
    this.#write();
    return this.find(entry.id);
  }

  /** The entry that the server knows as `message`. */
  findMessage(message) {
    return this.#entries.find((entry) => entry.message === message);
  }

  /** Changes an entry's state; `code` and `why` say why it failed. */
  mark(id, state, { code, why, message } = {}) {
    const entry = this.find(id);
    if (!entry) return undefined;
    entry.state = state;
    entry.code = code;
    entry.why = why;
    entry.message = message ?? entry.message;
    this.#write();
    return entry;
  }

  /** Takes an entry out: it is in the room's log now, or the person gave it up. */
  remove(id) {
    const entry = this.find(id);
    if (!entry) return undefined;
    this.#entries = this.#entries.filter((other) => other !== entry);
    this.#write();
    return entry;
  }

  #write() {
    try {
      if (this.#entries.length === 0) this.#storage.removeItem(this.#key);
      else this.#storage.setItem(this.#key, JSON.stringify(this.#entries));
    } catch {
      // Storage full or forbidden: the messages still live as long as the page does.
    }
  }
}

function read(storage, key) {
  try {
    const entries = JSON.parse(storage.getItem(key) ?? '[]');
    return Array.isArray(entries) ? entries : [];
  } catch {
    return [];
  }
}
