/** What waits for the moderators of a room: messages that filters held, what they noted, and who asks to come in. */

import { Emitter } from './emitter.js';

/** So many of each are shown; when they are done with, the next ones come. */
const PAGE = 50;
/** What changes in one burst is read once. */
const CALM_MS = 250;
/** What is in the way is not what was wanted, but it is settled: somebody else was first. */
const SETTLED = new Set([404, 409]);

const LISTS = { held: 'held', reviews: 'reviews', requests: 'join-requests' };
const NOTHING = { held: [], reviews: [], requests: [], hasMore: false };

/**
 * Topics: `changed` (a room). An item is what REST gives, and `{key, act: {state: waiting | failed, code?}}` while
 * something is done about it. The server decides who may look; who may not finds nothing.
 */
export class Desk extends Emitter {
  #rest;
  #clock;
  #rooms = new Map();
  /** The rooms that a survey has yet to come to. */
  #wanted = new Set();
  #surveying = null;

  constructor({ rest, clock }) {
    super();
    this.#rest = rest;
    this.#clock = clock;
  }

  /** What is known of a room: `{held, reviews, requests, hasMore, state: unread | reading | read | failed, code?}`. */
  of(room) {
    const { lists, state, code } = this.#room(room);
    return { ...lists, state, code };
  }

  /** How many things wait in a room, as far as is known. */
  count(room) {
    const { held, reviews, requests } = this.#room(room).lists;
    return held.length + reviews.length + requests.length;
  }

  /** Something is other than before: it is read again soon. */
  stale(room) {
    const desk = this.#room(room);
    desk.timer ??= this.#clock.setTimeout(() => {
      desk.timer = null;
      this.read(room);
    }, CALM_MS);
  }

  /** Reads all lists of a room; asked again meanwhile, once more after. */
  async read(room) {
    const desk = this.#room(room);
    if (desk.isReading) {
      desk.isStale = true;
      return;
    }
    desk.isReading = true;
    if (desk.state !== 'read') this.#change(room, { state: 'reading' });
    do {
      desk.isStale = false;
      await this.#readOnce(room);
    } while (desk.isStale);
    desk.isReading = false;
  }

  /** Reads what waits in each of these rooms, one after the other: nobody waits for it, and there may be many. */
  survey(rooms) {
    for (const room of rooms) this.#wanted.add(room);
    this.#surveying ??= this.#readWanted().finally(() => (this.#surveying = null));
  }

  release(room, key) {
    return this.#act(room, 'held', key, ({ id }) => this.#rest.post(`v1/held/${id}/release`));
  }

  refuse(room, key, reason) {
    return this.#act(room, 'held', key, ({ id }) => this.#rest.post(`v1/held/${id}/refuse`, reason ? { reason } : {}));
  }

  /** The message may stay: nothing is left to look at. */
  close(room, key) {
    return this.#act(room, 'reviews', key, ({ id }) => this.#rest.post(`v1/reviews/${id}/close`));
  }

  /** The message goes, and with it what was noted of it. */
  remove(room, key) {
    return this.#act(room, 'reviews', key, async ({ id, message }) => {
      await this.#rest.delete(`v1/messages/${message.id}`);
      await this.#rest.post(`v1/reviews/${id}/close`);
    });
  }

  answer(room, key, isWelcome) {
    return this.#act(room, 'requests', key, ({ user }) => this.#rest.post(`v1/rooms/${room}/join-requests/${user.id}/${isWelcome ? 'accept' : 'refuse'}`));
  }

  /** Resolves to `done`, `settled` (somebody else was first) or `failed` (the item says why). */
  async #act(room, list, key, call) {
    const item = this.#find(room, list, key);
    if (!item || item.act?.state === 'waiting') return 'failed';
    this.#mark(room, list, key, { state: 'waiting' });
    try {
      await call(item);
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      if (SETTLED.has(problem.status)) {
        this.#drop(room, list, key);
        this.stale(room);
        return 'settled';
      }
      this.#mark(room, list, key, { state: 'failed', code: problem.code });
      return 'failed';
    }
    this.#drop(room, list, key);
    if (this.#room(room).lists.hasMore) this.stale(room);
    return 'done';
  }

  async #readWanted() {
    // What is added meanwhile is come to as well.
    for (const room of this.#wanted) {
      this.#wanted.delete(room);
      await this.read(room);
    }
  }

  async #readOnce(room) {
    const before = this.#room(room).lists;
    try {
      const pages = await Promise.all(Object.values(LISTS).map((path) => this.#rest.get(`v1/rooms/${room}/${path}`, { limit: PAGE })));
      const [held, reviews, requests] = Object.keys(LISTS).map((list, at) => keyed(pages[at].items, before[list]));
      this.#change(room, { lists: { held, reviews, requests, hasMore: pages.some(({ next }) => next) }, state: 'read', code: undefined });
    } catch (problem) {
      if (problem.code === undefined) throw problem;
      // Who is no moderator any more has nothing to look at, and needs no word about it.
      if (problem.status === 403 || problem.status === 404) this.#change(room, { lists: NOTHING, state: 'unread' });
      else this.#change(room, { state: 'failed', code: problem.code });
    }
  }

  #find(room, list, key) {
    return this.#room(room).lists[list].find((item) => item.key === key);
  }

  #mark(room, list, key, act) {
    this.#replace(room, list, (items) => items.map((item) => (item.key === key ? { ...item, act } : item)));
  }

  #drop(room, list, key) {
    this.#replace(room, list, (items) => items.filter((item) => item.key !== key));
  }

  #replace(room, list, change) {
    const { lists } = this.#room(room);
    this.#change(room, { lists: { ...lists, [list]: change(lists[list]) } });
  }

  #room(room) {
    if (!this.#rooms.has(room)) this.#rooms.set(room, { lists: NOTHING, state: 'unread', timer: null, isReading: false, isStale: false });
    return this.#rooms.get(room);
  }

  #change(room, what) {
    Object.assign(this.#room(room), what);
    this.emit('changed', room);
  }
}

/** What is being done about an item goes on, whatever is read meanwhile. */
function keyed(items, before) {
  return items.map((item) => {
    const key = item.id ?? item.user.id;
    const act = before.find((known) => known.key === key)?.act;
    return { ...item, key, ...(act && { act }) };
  });
}
