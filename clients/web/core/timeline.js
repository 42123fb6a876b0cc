/** What one room's conversation shows: messages as they are now, and lines about the room, ordered by `seq`. */

/**
 * Two sources meet here. History (REST) gives messages as they are at that moment; the log gives events. An event
 * about a message that no page has brought yet is kept while a page is under way, and applied when it lands, because
 * the page may have been read before the event happened. A message that is already here is newer than any page.
 */
export class Timeline {
  /** Whether the newest page of history has landed. */
  isLoaded = false;
  /** Whether nothing is older than what is here. */
  isComplete = false;
  #messages = new Map();
  #lines = new Map();
  /** What bots told me alone: in no log, so it stands after what was newest when it came. */
  #whispers = new Map();
  #loads = 0;
  #unmatched = [];
  #sorted = null;

  /** Items in order: `{key, seq, message}`, `{key, seq, line}` or `{key, seq, whisper}`. */
  items() {
    // Of one seq, what is told to me alone comes last, in the order in which it came: sorting keeps it.
    this.#sorted ??= [...this.#messages.values(), ...this.#lines.values(), ...this.#whispers.values()].sort((a, b) => a.seq - b.seq);
    return this.#sorted;
  }

  message(id) {
    return this.#messages.get(id)?.message;
  }

  /** The seq of the oldest message here, from which older ones are asked. */
  oldestSeq() {
    return this.items().find((item) => item.message)?.seq ?? null;
  }

  newestMessage() {
    return this.items().findLast((item) => item.message)?.message ?? null;
  }

  /** A page of history was asked for; each call is followed by `landed` or `missed`. */
  loading() {
    this.#loads += 1;
  }

  /** A page has come; it fills in what isn't here yet. */
  landed(messages) {
    for (const message of messages) {
      if (!this.#messages.has(message.id)) this.#put(message);
    }
    for (const { event, me } of this.#unmatched) this.#amend(event, me);
    this.missed();
  }

  missed() {
    this.#loads -= 1;
    if (this.#loads === 0) this.#unmatched = [];
  }

  /** Adds a message that has just been written, here or by somebody else. */
  add(message) {
    if (!this.#messages.has(message.id)) this.#put(message);
  }

  /** Adds what a bot tells me alone. */
  addWhisper(whisper) {
    const seq = this.items().at(-1)?.seq ?? 0;
    this.#whispers.set(whisper.id, { key: whisper.id, seq, whisper });
    this.#sorted = null;
  }

  dropWhisper(id) {
    this.#whispers.delete(id);
    this.#sorted = null;
  }

  /** Whether a message of this seq would stand among those that are here. */
  reaches(seq) {
    const oldest = this.oldestSeq();
    return this.isLoaded && (this.isComplete || oldest === null || seq >= oldest);
  }

  /** A filter changed what my edit says; before or after the edit's own event, which brings the content. */
  replacedBy(id, { by, note, content }) {
    const item = this.#messages.get(id);
    if (item) item.message = { ...item.message, replaced: { by, note, says: JSON.stringify(content) } };
  }

  /** Applies one event of the log, as `me` sees it. */
  apply(event, me) {
    if (event.type === 'msg') this.add(event);
    else if (event.type === 'member' || event.type === 'room') this.#note(event);
    else if (!this.#amend(event, me) && this.#loads > 0) this.#unmatched.push({ event, me });
  }

  #put(message) {
    this.#messages.set(message.id, { key: message.id, seq: message.seq, message: normal(message) });
    this.#sorted = null;
  }

  #note(event) {
    const key = `line-${event.seq}`;
    this.#lines.set(key, { key, seq: event.seq, line: event });
    this.#sorted = null;
  }

  /** Changes the message that `event` is about; false where it isn't here. */
  #amend(event, me) {
    const item = this.#messages.get(event.message);
    if (!item) return false;
    const change = AMENDMENTS[event.type];
    if (change) item.message = { ...item.message, ...change(item.message, event, me) };
    return true;
  }
}

/** Each gives the fields that change; applying one twice changes nothing more. */
const AMENDMENTS = {
  // The content is left out where the message was recalled since.
  edited: (message, { content, text }) => (content === undefined ? {} : { content, text, edited: true, replaced: stillReplaced(message, content) }),
  recalled: (message, { by }) => ({ recalled: true, recalledBy: by, content: '', reactions: [], replaced: undefined }),
  reaction: (message, event, me) => ({ reactions: withReaction(message.reactions, event, me) }),
};

/** Whoever edits a message since has the last word on what it says. */
function stillReplaced({ replaced }, content) {
  return replaced?.says === JSON.stringify(content) ? replaced : undefined;
}

/** Gives a message of any source the fields that the page reads. */
function normal(message) {
  return {
    ...message,
    edited: Boolean(message.edited ?? message.edited_at),
    recalled: Boolean(message.recalled ?? message.recalled_at),
    reactions: message.reactions ?? [],
  };
}

/** `[{emoji, count, mine}]` after one person added or took away one. */
function withReaction(reactions, { emoji, user, removed, count }, me) {
  const known = reactions.find((reaction) => reaction.emoji === emoji);
  const mine = user === me ? !removed : Boolean(known?.mine);
  // Old events don't say how many there are.
  const now = { emoji, count: count ?? (known?.count ?? 0) + (removed ? -1 : 1), mine };
  const all = known ? reactions.map((reaction) => (reaction === known ? now : reaction)) : [...reactions, now];
  return all.filter((reaction) => reaction.count > 0);
}
