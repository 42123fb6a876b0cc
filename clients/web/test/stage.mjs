/** What the tests put around the core: a clock moved by hand, sockets without a network, and a scripted REST. */

export class HandClock {
  #now = 1_700_000_000_000;
  #timers = [];
  #nextId = 1;

  now = () => this.#now;
  random = () => 0.5;

  setTimeout = (run, ms) => {
    const id = this.#nextId++;
    this.#timers.push({ id, at: this.#now + ms, run });
    return id;
  };

  clearTimeout = (id) => {
    this.#timers = this.#timers.filter((timer) => timer.id !== id);
  };

  /** Moves the time, and runs what falls due on the way, in order. */
  advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#now = due.at;
      this.clearTimeout(due.id);
      due.run();
    }
    this.#now = end;
  }
}

/** A stand-in for WebSocket; `FakeSocket.all` holds every one that was opened. */
export function socketClass() {
  return class FakeSocket {
    static all = [];
    static get last() {
      return FakeSocket.all.at(-1);
    }

    sent = [];

    constructor(url) {
      this.url = url;
      FakeSocket.all.push(this);
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.isClosed = true;
    }

    /** The server sends frames. */
    say(...frames) {
      for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
    }

    /** The connection ends with a close code. */
    drop(code = 1006) {
      this.onclose({ code });
    }

    sentOf(type) {
      return this.sent.filter((frame) => frame.type === type);
    }
  };
}

/** A REST that answers from `answers`: path to a value or a function of the query; it remembers what was asked. */
export function scriptedRest(answers) {
  const calls = [];
  return {
    calls,
    async get(path, query = {}) {
      calls.push({ path, query });
      const answer = answers[path];
      if (answer === undefined) throw new Error(`nothing is scripted for ${path}`);
      return structuredClone(typeof answer === 'function' ? answer(query) : answer);
    },
  };
}

export function memoryStorage() {
  const map = new Map();
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, String(value)),
    removeItem: (key) => map.delete(key),
  };
}

/** Lets promises that are already settled run their followers. */
export async function settle() {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}
