/** Names, pictures and presence of the people whom this page has met. */

export class People {
  #known = new Map();
  #presence = new Map();

  /** Takes `{id, name, avatar?, is_bot?, is_guest?}` from wherever one appears. */
  met(person) {
    if (person?.id && person.name) this.#known.set(person.id, { id: person.id, name: person.name, avatar: person.avatar, ...(person.is_bot && { is_bot: true }), ...(person.is_guest && { is_guest: true }) });
  }

  /** Somebody by id; without a name where nothing has told it yet. */
  find(id) {
    return this.#known.get(id) ?? { id, name: '' };
  }

  /** Takes a `presence` frame's `users`: id to `"online"` or `{last_seen}`. */
  sawPresence(users) {
    for (const [id, state] of Object.entries(users)) this.#presence.set(id, state === 'online');
  }

  isOnline(id) {
    return this.#presence.get(id) ?? false;
  }

  /** Presence is told by a connection; without one it isn't known. */
  forgetPresence() {
    this.#presence.clear();
  }
}
