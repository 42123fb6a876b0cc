/** A list of listeners by topic; the one way in which the core tells anybody anything. */
export class Emitter {
  #listeners = new Map();

  /** Calls `listener` for each `topic` from now on; returns what stops that. */
  on(topic, listener) {
    const set = this.#listeners.get(topic) ?? new Set();
    set.add(listener);
    this.#listeners.set(topic, set);
    return () => set.delete(listener);
  }

  emit(topic, detail) {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(detail);
  }
}
