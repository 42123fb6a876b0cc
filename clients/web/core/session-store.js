/** Who this tab is. In the tab's own storage, so that two windows may be two people. */

const SESSION = 'teahouse.session';

export function loadSession(storage) {
  try {
    const session = JSON.parse(storage.getItem(SESSION) ?? 'null');
    return session?.token && session?.user?.id ? session : null;
  } catch {
    return null;
  }
}

export function saveSession(storage, { token, expires_at, user }) {
  storage.setItem(SESSION, JSON.stringify({ token, expires_at, user }));
}

export function forgetSession(storage) {
  storage.removeItem(SESSION);
}

export function outboxKey(user) {
  return `teahouse.outbox.${user}`;
}

/** Keeps what is being written to a room while the person looks elsewhere. */
export function saveDraft(storage, room, text) {
  if (text) storage.setItem(`teahouse.draft.${room}`, text);
  else storage.removeItem(`teahouse.draft.${room}`);
}

export function loadDraft(storage, room) {
  return storage.getItem(`teahouse.draft.${room}`) ?? '';
}
