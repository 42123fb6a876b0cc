/** Ways to become somebody: a person of WeChat's simulator, or a guest. */

const SIMULATOR = 'wechat-sim/control';

/** The simulator's people, or null where there is no simulator (production). */
export async function findPeople(rest) {
  try {
    return (await rest.get(`${SIMULATOR}/people`))?.items ?? null;
  } catch (problem) {
    // Any answer but its own means that nothing answers at that place.
    if (problem.status >= 400 && problem.status < 500) return null;
    throw problem;
  }
}

export function createPerson(rest, nickname) {
  return rest.post(`${SIMULATOR}/people`, { nickname });
}

/** What a mini-program does: WeChat's code and user data from the phone, a session from our server. */
export async function signInAs(rest, person) {
  const { code, raw_data, signature, encrypted_data, iv } = await rest.post(`${SIMULATOR}/login`, { person });
  return rest.post('v1/auth/wechat', { code, raw_data, signature, encrypted_data, iv });
}

export function signInAsGuest(rest, name) {
  return rest.post('v1/auth/guest', name ? { name } : {});
}

export async function signOut(rest) {
  // Signing out on this side must work also when the server can't be reached.
  await rest.post('v1/auth/logout').catch(() => {});
}
