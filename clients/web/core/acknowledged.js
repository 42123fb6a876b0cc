/** What I wrote, once the server has taken it. */

/** My message as the room has it, made of what I wrote, its ack, and what a filter made of it. */
export function acknowledged({ id: client_id, room, content, reply_to }, { message: id, seq, at, replaced }, sender) {
  const message = { type: 'msg', id, client_id, room, seq, sender, kind: 'text', content, at };
  if (reply_to) message.reply_to = reply_to;
  if (!replaced) return message;
  const { kind, content: now, text, by, note } = replaced;
  return { ...message, kind: kind ?? 'text', content: now, ...(text && { text }), replaced: { by, note } };
}
