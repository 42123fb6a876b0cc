/** What a conversation shows, row by row: days, messages in groups, lines about the room. Pure, so that it is tested. */

/** Messages of one person closer together than this stand under one name. */
const GROUP_MS = 5 * 60_000;

const dayOf = (at) => new Date(at).toDateString();

/**
 * Rows, oldest first: `{type: 'day', key, at}`, `{type: 'unread', key}`, `{type: 'line', key, line}` and
 * `{type: 'message', key, …}`. `readBefore` is how far I had read when I opened the room.
 */
export function rowsOf({ room, waiting, me, people, readBefore, isOnline = true, pressOn = () => null, edits = new Set() }) {
  const shown = (item) => {
    if (item.whisper) return whisperRow(item, room, pressOn);
    return item.message ? sentRow(item.message, room, me, people, pressOn, edits) : lineRow(item, people);
  };
  const entries = [
    ...room.timeline.items().map(shown),
    ...waiting.map((entry) => waitingRow(entry, room, me, people, isOnline)),
  ];
  const rows = [];
  let dividerIsDue = readBefore !== null;
  let before = null;
  for (const row of entries) {
    if (!before || dayOf(before.at) !== dayOf(row.at)) {
      rows.push({ type: 'day', key: `day-${row.key}`, at: row.at });
      before = null;
    }
    if (dividerIsDue && row.type === 'message' && !row.isMine && !row.isWhisper && row.seq > readBefore) {
      if (before || rows.length > 1) rows.push({ type: 'unread', key: 'unread' });
      dividerIsDue = false;
      before = null;
    }
    const follows = Boolean(before && isOneGroup(before, row));
    if (follows) before.isLastOfGroup = false;
    Object.assign(row, { isFirstOfGroup: !follows, isLastOfGroup: true });
    rows.push(row);
    before = row;
  }
  markRead(rows, room, me);
  return rows;
}

function isOneGroup(a, b) {
  if (a.type !== 'message' || b.type !== 'message' || a.recalled || b.recalled || a.isWhisper || b.isWhisper) return false;
  return a.sender.id === b.sender.id && new Date(b.at) - new Date(a.at) < GROUP_MS;
}

function sentRow(message, room, me, people, pressOn, edits) {
  return {
    type: 'message',
    // The row keeps its place on the screen when a message that waited becomes one that was sent.
    key: message.sender.id === me && message.client_id ? message.client_id : message.id,
    id: message.id,
    seq: message.seq,
    isMine: message.sender.id === me,
    sender: message.sender,
    kind: message.kind,
    content: message.content,
    text: message.text,
    at: message.at,
    edited: message.edited,
    recalled: message.recalled,
    recall: message.recalled ? recallOf(message, me) : null,
    reactions: message.reactions.map(({ emoji, count, mine }) => ({ emoji, isMine: Boolean(mine), count })),
    quote: message.reply_to ? quoteOf(message.reply_to, room) : null,
    state: 'sent',
    replaced: message.replaced ? { by: message.replaced.by, note: message.replaced.note ?? '' } : null,
    editWaits: edits.has(message.id),
    press: message.kind === 'card' ? pressOn(message.id) : null,
  };
}

/** Who took it back, as far as is known: history doesn't tell. */
function recallOf({ recalledBy, sender }, me) {
  if (!recalledBy) return 'somebody';
  if (recalledBy !== sender.id) return 'moderator';
  return recalledBy === me ? 'me' : 'sender';
}

/** What a bot tells me alone: it takes no answer, no reaction, and goes when I put it away. */
function whisperRow({ key, seq, whisper }, room, pressOn) {
  const { id, sender, kind, content, text, at, reply_to: answered } = whisper;
  return {
    type: 'message',
    isWhisper: true,
    key,
    id,
    seq,
    isMine: false,
    sender,
    kind,
    content,
    text,
    at,
    edited: false,
    recalled: false,
    reactions: [],
    quote: answered && room.timeline.message(answered) ? quoteOf(answered, room) : null,
    state: 'sent',
    press: kind === 'card' ? pressOn(id) : null,
  };
}

function waitingRow(entry, room, me, people, isOnline) {
  return {
    type: 'message',
    key: entry.id,
    id: null,
    seq: Infinity,
    isMine: true,
    sender: people.find(me),
    kind: entry.kind ?? 'text',
    content: entry.content,
    at: entry.at,
    edited: false,
    recalled: false,
    reactions: [],
    quote: entry.reply_to ? quoteOf(entry.reply_to, room) : null,
    state: entry.state === 'sending' && !isOnline ? 'waiting' : entry.state,
    code: entry.code ?? null,
    why: entry.why ?? null,
    replyTo: entry.reply_to ?? null,
  };
}

function lineRow({ key, line }, people) {
  return { type: 'line', key, line: { ...line, by_name: people.find(line.by).name }, at: line.at };
}

/** The message answered; without a text where it isn't loaded. */
function quoteOf(id, room) {
  const message = room.timeline.message(id);
  if (!message) return { id, sender: null, text: null, recalled: false };
  return { id, sender: message.sender, text: plainText(message), recalled: message.recalled };
}

/** Only my newest message says who has read it: more would be noise. */
function markRead(rows, room, me) {
  const last = rows.findLast((row) => row.type === 'message' && row.isMine && row.state === 'sent' && !row.recalled);
  if (!last) return;
  last.isMyLast = true;
  last.isDirect = room.kind === 'direct';
  last.readBy = [...room.receipts].filter(([user, seq]) => user !== me && seq >= last.seq).length;
}

/** A message as one line of text, whatever its kind. */
export function plainText(message) {
  if (typeof message.content === 'string') return message.content;
  return message.text ?? message.content?.title ?? message.content?.name ?? `[${message.kind}]`;
}
