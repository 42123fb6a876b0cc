/** Reads the list of my rooms from the server into the book. */

const PAGE = 200;

export class RoomListing {
  /** Whether it has been read once: until then an empty list says nothing. */
  isRead = false;
  #rest;
  #rooms;
  #people;
  #gone;
  #reading = null;
  #isStale = false;

  /** `gone(id)` is called for each room that the server no longer counts among mine. */
  constructor({ rest, rooms, people, gone }) {
    this.#rest = rest;
    this.#rooms = rooms;
    this.#people = people;
    this.#gone = gone;
  }

  /** Reads it; asked again meanwhile, it is read once more after, because what was asked for may have come too late. */
  refresh() {
    if (this.#reading) this.#isStale = true;
    else this.#reading = this.#readUntilFresh().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #readUntilFresh() {
    do {
      this.#isStale = false;
      await this.#read();
    } while (this.#isStale);
    this.isRead = true;
  }

  async #read() {
    // A room that I get into while the list is read may be missing from it.
    const before = this.#rooms.ids();
    const found = new Set();
    let cursor;
    do {
      const page = await this.#rest.get('v1/rooms', { limit: PAGE, cursor });
      for (const facts of page.items) {
        found.add(facts.id);
        this.#rooms.enter(facts.id).describe(facts);
        this.#people.met(facts.last?.sender);
      }
      cursor = page.next;
    } while (cursor);
    for (const id of before) {
      if (!found.has(id)) this.#gone(id);
    }
  }
}
