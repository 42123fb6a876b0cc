/** Making, finding and leaving rooms, and their members: the REST calls behind the dialogs. */

export class RoomCalls {
  #rest;
  #uuid;

  constructor(rest, uuid) {
    this.#rest = rest;
    this.#uuid = uuid;
  }

  /** A key for one room to be made: a form keeps it, so that pressing twice makes one room. */
  newKey() {
    return this.#uuid();
  }

  create({ name, kind, visibility }, key) {
    return this.#rest.post('v1/rooms', { name, kind, visibility }, key);
  }

  get(room) {
    return this.#rest.get(`v1/rooms/${room}`);
  }

  direct(user) {
    return this.#rest.post('v1/directs', { user }, this.#uuid());
  }

  /** Rooms that anyone may join; the first page, which is what a person looks through. */
  async listPublic() {
    return (await this.#rest.get('v1/rooms/public', { limit: 100 })).items;
  }

  join(room) {
    return this.#rest.post(`v1/rooms/${room}/join`);
  }

  leave(room) {
    return this.#rest.post(`v1/rooms/${room}/leave`);
  }

  /** Ends the room for everybody; its owner can't just leave it. */
  dissolve(room) {
    return this.#rest.delete(`v1/rooms/${room}`);
  }

  /** What may be written after a slash there. */
  async commands(room) {
    return (await this.#rest.get(`v1/rooms/${room}/commands`)).items;
  }

  async members(room) {
    return (await this.#rest.get(`v1/rooms/${room}/members`, { limit: 200 })).items;
  }

  invite(room, user) {
    return this.#rest.put(`v1/rooms/${room}/members/${user}`);
  }

  remove(room, user) {
    return this.#rest.delete(`v1/rooms/${room}/members/${user}`);
  }
}
