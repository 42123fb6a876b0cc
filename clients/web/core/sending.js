/** Brings the outbox to the server: one message at a time, in order, each until it is answered. */

import { Emitter } from './emitter.js';

/** On a connection that is alive, an ack that takes longer counts as lost; a retry sends the same id. */
const ACK_TIMEOUT_MS = 15_000;
const RETRY_AFTER_MS = 1_000;
/** Refusals that pass by themselves: the message stays in `sending` and goes out again later. */
const PASSING = new Set(['rate_limited', 'too_many_requests', 'unavailable']);

/** Topics: `changed` (an entry). */
export class Sending extends Emitter {
  #connection;
  #outbox;
  #clock;
  #waitingFor = null;
  #timer = null;

  constructor({ connection, outbox, clock }) {
    super();
    this.#connection = connection;
    this.#outbox = outbox;
    this.#clock = clock;
  }

  write(entry) {
    const added = this.#outbox.add(entry);
    this.emit('changed', added);
    this.#next();
    return added;
  }

  retry(id) {
    const entry = this.#outbox.mark(id, 'sending');
    if (!entry) return;
    this.emit('changed', entry);
    this.#next();
  }

  discard(id) {
    this.settled(id);
  }

  /** The message is in the log, whoever said so (ack, echo after a resume, history): it is never sent again. */
  settled(id) {
    const entry = this.#outbox.remove(id);
    if (this.#waitingFor === id) this.#release();
    if (entry) this.emit('changed', entry);
    this.#next();
    return entry;
  }

  /** A moderator decides about it, as `message`; it is with the server, so it isn't sent again. */
  held(id, message) {
    const entry = this.#outbox.mark(id, 'held', { message });
    if (this.#waitingFor === id) this.#release();
    if (entry) this.emit('changed', entry);
    this.#next();
  }

  /** The moderators decided against the held `message`; true where it was ours and waited. */
  heldRefused(message, why) {
    const entry = message && this.#outbox.findMessage(message);
    if (!entry) return false;
    if (entry.code !== 'held_refused' || entry.why?.reason !== why.reason) this.#fail(entry.id, 'held_refused', why);
    return true;
  }

  /** The server answered with an error; true where it was about a message of ours. */
  refused({ id, code, message: detail, by, reason, rule, retry_after_ms: retryAfterMs }) {
    if (!id || !this.#outbox.find(id)) return false;
    if (PASSING.has(code)) {
      this.#release();
      this.#timer = this.#clock.setTimeout(() => this.#resume(), retryAfterMs ?? RETRY_AFTER_MS);
      return true;
    }
    this.#fail(id, code, { by, reason, rule, detail });
    return true;
  }

  /** There is a new connection: what was under way on the last one goes out again, with the same ids. */
  connected() {
    this.#release();
    // A held one too: its acknowledgement, repeated, says what was decided while nobody listened.
    for (const entry of this.#outbox.list().filter(({ state }) => state === 'held')) this.#send(entry);
    this.#next();
  }

  disconnected() {
    this.#release();
  }

  #next() {
    if (this.#waitingFor !== null || this.#timer !== null) return;
    const entry = this.#outbox.list().find((candidate) => candidate.state === 'sending');
    if (!entry) return;
    if (!this.#send(entry)) return;
    const { id } = entry;
    this.#waitingFor = id;
    this.#timer = this.#clock.setTimeout(() => this.#fail(id, 'no_answer'), ACK_TIMEOUT_MS);
  }

  #send({ id, room, content, reply_to }) {
    return this.#connection.send({ type: 'msg', id, room, content, ...(reply_to && { reply_to }) });
  }

  #fail(id, code, why) {
    const entry = this.#outbox.mark(id, 'failed', { code, why });
    if (this.#waitingFor === id) this.#release();
    if (entry) this.emit('changed', entry);
    this.#next();
  }

  #resume() {
    this.#release();
    this.#next();
  }

  #release() {
    this.#waitingFor = null;
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}
