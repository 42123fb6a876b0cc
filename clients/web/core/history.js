/** Pages of a room's messages as they are now, brought into its timeline. */

const PAGE = 50;

export class History {
  #rest;
  #landed;

  /** `landed(room, items)` is called with each page, when it is in the timeline. */
  constructor({ rest, landed }) {
    this.#rest = rest;
    this.#landed = landed;
  }

  /** The newest page. */
  async loadNewest(room) {
    await this.#load(room, {});
    room.timeline.isLoaded = true;
  }

  /** The page before what is here; how many came. */
  async loadOlder(room) {
    const { timeline } = room;
    const before = timeline.oldestSeq();
    if (!timeline.isLoaded || timeline.isComplete || before === null) return 0;
    return this.#load(room, { before });
  }

  async #load(room, where) {
    const { timeline } = room;
    timeline.loading();
    let items;
    try {
      ({ items } = await this.#rest.get(`v1/rooms/${room.id}/messages`, { ...where, limit: PAGE }));
    } catch (problem) {
      timeline.missed();
      throw problem;
    }
    timeline.landed(items);
    if (items.length < PAGE) timeline.isComplete = true;
    this.#landed(room, items);
    return items.length;
  }
}
