/** The order of one room: which of its events were taken, which wait for an earlier one, and what is missing. */

/** Events that wait for an earlier one; past this many a page of the log is the better source. */
const MOST_WAITING = 1000;
/** So many of my own messages' places are remembered. */
const MOST_OWN = 200;

/**
 * A room is a log with a dense `seq`. Whatever the source (socket, resume, REST), an event goes through `offer`,
 * which gives back what may be applied now: each seq once, in order, none skipped.
 */
export class RoomLog {
  /** All events up to this seq are applied; null until the room's place is known. */
  cursor = null;
  /** The highest seq that was ever offered, or said to exist. */
  #highest = 0;
  #waiting = new Map();
  /** Places that were told by an ack: seq to message id. */
  #own = new Map();

  /** Starts after `seq`: what was before is known from elsewhere (history, or nobody asked for it). */
  startAfter(seq) {
    this.cursor = seq;
    for (const waiting of [...this.#waiting.keys()]) {
      if (waiting <= seq) this.#waiting.delete(waiting);
    }
    return this.#drain();
  }

  /** Takes one event; returns those that are due now, oldest first (none for a duplicate or one that is early). */
  offer(event) {
    if (this.cursor === null) this.cursor = event.seq - 1;
    this.#highest = Math.max(this.#highest, event.seq);
    if (event.seq <= this.cursor || this.#waiting.has(event.seq)) return this.#isOther(event) ? [event] : [];
    if (this.#waiting.size < MOST_WAITING) this.#waiting.set(event.seq, event);
    return this.#drain();
  }

  /** Takes my own message, whose place its ack told. A message that waits unseen shares its place with another event. */
  offerOwn(message) {
    this.#own.set(message.seq, message.id);
    if (this.#own.size > MOST_OWN) this.#own.delete(this.#own.keys().next().value);
    return this.offer(message);
  }

  /** Whether another event comes at a place that an ack had told; only once. */
  #isOther(event) {
    const own = this.#own.get(event.seq);
    if (own === undefined || (event.type === 'msg' && event.id === own)) return false;
    return this.#own.delete(event.seq);
  }

  /** Learns that the room has events up to `seq`. */
  heard(seq) {
    this.#highest = Math.max(this.#highest, seq);
  }

  /** What is missing between the cursor and the first event in hand, or null. */
  hole() {
    if (this.cursor === null || this.cursor >= this.#highest) return null;
    const firstWaiting = this.#waiting.size > 0 ? Math.min(...this.#waiting.keys()) : this.#highest + 1;
    return { from: this.cursor + 1, to: firstWaiting - 1 };
  }

  #drain() {
    const due = [];
    for (let next = this.#waiting.get(this.cursor + 1); next; next = this.#waiting.get(this.cursor + 1)) {
      this.#waiting.delete(next.seq);
      this.cursor = next.seq;
      due.push(next);
    }
    return due;
  }
}
