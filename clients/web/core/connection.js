/** One socket to the server that comes back by itself: opening, liveness, back-off, and when to give up. */

import { promptDelayMs, retryDelayMs } from './backoff.js';
import { Emitter } from './emitter.js';

/** Without a `hello` in this time the attempt counts as failed. */
const HELLO_TIMEOUT_MS = 10_000;
/** A connection that lived shorter doesn't reset the back-off: a server that flaps is not to be hammered. */
const STABLE_MS = 5_000;
const DEFAULT_HEARTBEAT_S = 30;

/** Close codes after which coming back would be wrong, and what they mean for the person. */
const FINAL_CLOSES = new Map([
  [1008, 'banned'],
  [4001, 'session_expired'],
  [4002, 'elsewhere'],
]);
/** Close codes after which the server expects us back at once. */
const PROMPT_CLOSES = new Set([1001, 4008]);

export const realClock = {
  now: () => Date.now(),
  setTimeout: (run, ms) => setTimeout(run, ms),
  clearTimeout: (id) => clearTimeout(id),
  random: () => Math.random(),
};

/**
 * Topics: `state` ({phase: connecting | online | offline | ended, retryAt?, reason?}), `frame` (each frame of the
 * server, `hello` included). `ended` is final: the reason says why.
 */
export class Connection extends Emitter {
  state = { phase: 'connecting' };
  #url;
  #Socket;
  #clock;
  #socket = null;
  #attempt = 0;
  #onlineSince = 0;
  #heartbeatMs = DEFAULT_HEARTBEAT_S * 1000;
  #timers = { retry: null, hello: null, ping: null, pong: null };

  constructor({ url, Socket = globalThis.WebSocket, clock = realClock }) {
    super();
    this.#url = url;
    this.#Socket = Socket;
    this.#clock = clock;
  }

  get online() {
    return this.state.phase === 'online';
  }

  /** Connects now, also when a later attempt was planned. */
  open() {
    if (this.#socket || this.state.phase === 'ended') return;
    this.#clear('retry');
    this.#become({ phase: 'connecting' });
    // No sub-protocol is offered: the token is in the address, and some stacks in between fail on an echo.
    const socket = new this.#Socket(this.#url());
    this.#socket = socket;
    this.#arm('hello', HELLO_TIMEOUT_MS, () => this.#lose(1006));
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#closed(socket, event.code);
    socket.onerror = () => {};
  }

  /** Sends a frame; false where there is no connection, and the frame is then not kept here. */
  send(frame) {
    if (!this.online) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Leaves for good, as on signing out. */
  end(reason = 'signed_out') {
    const socket = this.#socket;
    this.#socket = null;
    this.#clearAll();
    if (socket) socket.close(1000);
    this.#become({ phase: 'ended', reason });
  }

  /** The device says that the network is gone or back: waiting for a timeout would only cost time. */
  networkChanged(isUp) {
    if (isUp) {
      if (this.state.phase === 'offline') this.open();
    } else if (this.online) {
      this.#lose(1006);
    }
  }

  #receive(socket, data) {
    if (socket !== this.#socket) return;
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    // Any frame is a sign of life.
    this.#clear('pong');
    if (frame.type === 'hello') this.#greeted(frame);
    this.emit('frame', frame);
  }

  #greeted(hello) {
    this.#clear('hello');
    this.#heartbeatMs = (hello.heartbeat_s || DEFAULT_HEARTBEAT_S) * 1000;
    this.#onlineSince = this.#clock.now();
    this.#become({ phase: 'online' });
    this.#planPing();
  }

  #planPing() {
    this.#arm('ping', this.#heartbeatMs, () => {
      this.send({ type: 'ping' });
      this.#arm('pong', Math.min(this.#heartbeatMs, HELLO_TIMEOUT_MS), () => this.#lose(4008));
      this.#planPing();
    });
  }

  /** Gives the socket up without waiting for its close handshake, which a dead network never answers. */
  #lose(code) {
    const socket = this.#socket;
    if (!socket) return;
    this.#closed(socket, code);
    socket.close();
  }

  #closed(socket, code) {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#clearAll();
    const final = FINAL_CLOSES.get(code);
    if (final) {
      this.#become({ phase: 'ended', reason: final });
      return;
    }
    const wasStable = this.online && this.#clock.now() - this.#onlineSince >= STABLE_MS;
    if (wasStable) this.#attempt = 0;
    const isPrompt = PROMPT_CLOSES.has(code) && this.#attempt === 0;
    const delay = isPrompt ? promptDelayMs(this.#clock.random) : retryDelayMs(this.#attempt, this.#clock.random);
    this.#attempt += 1;
    this.#arm('retry', delay, () => this.open());
    this.#become({ phase: 'offline', retryAt: this.#clock.now() + delay });
  }

  #become(state) {
    this.state = state;
    this.emit('state', state);
  }

  #arm(name, ms, run) {
    this.#clear(name);
    this.#timers[name] = this.#clock.setTimeout(run, ms);
  }

  #clear(name) {
    if (this.#timers[name] !== null) this.#clock.clearTimeout(this.#timers[name]);
    this.#timers[name] = null;
  }

  #clearAll() {
    for (const name of Object.keys(this.#timers)) this.#clear(name);
  }
}
