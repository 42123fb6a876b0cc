/** Keeps each room's log without holes: resume by `join`, and pages of the log for what a resume leaves out. */

/** How many missed events a `join` may send by itself. */
const RESUME_LIMIT = 200;
const PAGE = 200;
/** More than this missed: the newest page of history is what anybody would look at. */
const MOST_REPLAYED = 2_000;
/** An ack may overtake the events before it; only a hole that stays is worth a request. */
const HOLE_PATIENCE_MS = 250;
/** A resume sends what was missed by itself; asking in parallel would fetch it twice. */
const RESUME_PATIENCE_MS = 3_000;
const RETRY_MS = 2_000;

export class CatchUp {
  #connection;
  #rest;
  #clock;
  #take;
  #reload;
  #timers = new Map();
  #filling = new Set();

  /**
   * `take(room, events)` applies events whose turn has come; `reload(room)` shows a room anew from history.
   */
  constructor({ connection, rest, clock, take, reload }) {
    this.#connection = connection;
    this.#rest = rest;
    this.#clock = clock;
    this.#take = take;
    this.#reload = reload;
  }

  /** Puts a room in its place after `heads` said where its log ends. */
  headed(room, lastSeq) {
    const isShown = room.timeline.isLoaded;
    const missed = room.log.cursor === null ? 0 : lastSeq - room.log.cursor;
    room.log.heard(lastSeq);
    if (room.log.cursor === null || (!isShown && missed > 0)) {
      this.#take(room, room.skipTo(lastSeq));
    } else if (missed > MOST_REPLAYED) {
      this.#take(room, room.skipTo(lastSeq));
      this.#reload(room);
    } else if (missed > 0) {
      this.resume(room);
    }
  }

  /** Listens to a room from its cursor on; what was missed since then is sent again. */
  resume(room) {
    const since = room.log.cursor;
    const frame = { type: 'join', room: room.id, ...(since !== null && { since, limit: RESUME_LIMIT }) };
    room.isResuming = this.#connection.send(frame);
  }

  /** The answer to a `join`: events up to `last_seq` follow, or a `gap`. */
  joined(room, lastSeq) {
    if (room.log.cursor === null) this.#take(room, room.skipTo(lastSeq));
    room.log.heard(lastSeq);
    if (room.log.hole() === null) room.isResuming = false;
    this.check(room);
  }

  /** The resume was too long for the socket: the rest comes in pages. */
  gap(room, to) {
    room.isResuming = false;
    room.log.heard(to);
    this.#fill(room);
  }

  /** Offers one event of the socket to the room's log, and looks after a hole before it. */
  offer(room, event) {
    this.#take(room, room.log.offer(event));
    this.check(room);
  }

  /** Offers my own message, whose place its ack told. */
  offerOwn(room, message) {
    this.#take(room, room.log.offerOwn(message));
    this.check(room);
  }

  check(room) {
    if (room.log.hole() === null) {
      room.isResuming = false;
      this.#calm(room);
    } else if (!this.#timers.has(room.id)) {
      this.#plan(room, room.isResuming ? RESUME_PATIENCE_MS : HOLE_PATIENCE_MS);
    }
  }

  /** The connection is gone: the next `heads` begins anew. */
  disconnected(rooms) {
    for (const room of rooms) {
      room.isResuming = false;
      this.#calm(room);
    }
  }

  #plan(room, ms) {
    this.#calm(room);
    this.#timers.set(room.id, this.#clock.setTimeout(() => this.#fill(room), ms));
  }

  #calm(room) {
    if (this.#timers.has(room.id)) this.#clock.clearTimeout(this.#timers.get(room.id));
    this.#timers.delete(room.id);
  }

  async #fill(room) {
    this.#calm(room);
    if (this.#filling.has(room.id)) return;
    this.#filling.add(room.id);
    try {
      while (room.log.hole() !== null) await this.#fetchPage(room);
    } catch {
      if (this.#connection.online) this.#plan(room, RETRY_MS);
    } finally {
      this.#filling.delete(room.id);
    }
  }

  async #fetchPage(room) {
    const hole = room.log.hole();
    const path = `v1/rooms/${room.id}/events`;
    const { items } = await this.#rest.get(path, { after: hole.from - 1, limit: PAGE });
    const before = room.log.cursor;
    for (const event of items) this.#take(room, room.log.offer(event));
    // The server no longer has them: going on without is better than asking for ever.
    if (room.log.cursor === before && before < hole.to) this.#take(room, room.log.startAfter(hole.to));
  }
}
