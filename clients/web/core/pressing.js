/** Presses of the buttons on cards: which one is under way, and what became of it. */

import { Emitter } from './emitter.js';

/** On a connection that is alive, an answer that takes longer counts as lost. */
const ANSWER_TIMEOUT_MS = 15_000;
/** How long a button shows that its press has arrived. */
const DONE_MS = 4_000;

/** Topics: `changed` (a room). One press of a card at a time: `{id, room, button, state, code?}`. */
export class Pressing extends Emitter {
  #connection;
  #clock;
  #uuid;
  #presses = new Map();

  constructor({ connection, clock, uuid }) {
    super();
    this.#connection = connection;
    this.#clock = clock;
    this.#uuid = uuid;
  }

  /** What became of the last press on the card: `{button, state: waiting | done | failed, code?}`, or null. */
  of(message) {
    const press = this.#presses.get(message);
    return press ? { button: press.button, state: press.state, code: press.code ?? null } : null;
  }

  press(room, message, button) {
    if (this.#presses.get(message)?.state === 'waiting') return;
    this.#forget(message);
    const id = this.#uuid();
    const press = { id, room, button, state: 'waiting' };
    this.#presses.set(message, press);
    if (this.#connection.send({ type: 'press', id, message, button })) {
      press.timer = this.#clock.setTimeout(() => this.#end(message, 'failed', 'no_answer'), ANSWER_TIMEOUT_MS);
      this.emit('changed', room);
    } else {
      this.#end(message, 'failed', 'network');
    }
  }

  /** True where the answer was to a press. */
  acknowledged({ id }) {
    return this.#answered(id, 'done');
  }

  /** True where the refusal was of a press. */
  refused({ id, code }) {
    return this.#answered(id, 'failed', code);
  }

  /** What is under way may have arrived or not; the person may press again, and the bot counts once. */
  disconnected() {
    for (const [message, { state }] of this.#presses) if (state === 'waiting') this.#end(message, 'failed', 'network');
  }

  #answered(id, state, code) {
    const found = id && [...this.#presses].find(([, press]) => press.id === id);
    if (!found) return false;
    this.#end(found[0], state, code);
    return true;
  }

  #end(message, state, code) {
    const press = this.#presses.get(message);
    this.#clock.clearTimeout(press.timer);
    Object.assign(press, { state, code });
    if (state === 'done') press.timer = this.#clock.setTimeout(() => this.#forget(message), DONE_MS);
    this.emit('changed', press.room);
  }

  #forget(message) {
    const press = this.#presses.get(message);
    if (!press) return;
    this.#clock.clearTimeout(press.timer);
    this.#presses.delete(message);
    this.emit('changed', press.room);
  }
}
