/** Tells a room that I am writing, no more often than the server passes it on. */

/** The server passes a sender's sign on at most each 3 s; one that arrives a moment earlier would be lost. */
const EVERY_MS = 3_500;

export class TypingSign {
  #connection;
  #clock;
  #sent = new Map();
  #planned = new Map();

  constructor(connection, clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** I have pressed a key in the room: told at once, or as soon as it would be passed on. */
  pressed(room) {
    if (this.#planned.has(room)) return;
    const since = this.#clock.now() - (this.#sent.get(room) ?? -Infinity);
    if (since >= EVERY_MS) this.#tell(room);
    else this.#planned.set(room, this.#clock.setTimeout(() => this.#tell(room), EVERY_MS - since));
  }

  /** I have sent what I wrote: nobody waits for it any more. */
  done(room) {
    this.#clock.clearTimeout(this.#planned.get(room));
    this.#planned.delete(room);
  }

  #tell(room) {
    this.#planned.delete(room);
    if (this.#connection.send({ type: 'typing', room })) this.#sent.set(room, this.#clock.now());
  }
}
