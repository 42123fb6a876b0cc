/** How long to wait before the next attempt to connect. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * Milliseconds before attempt number `attempt` (0 is the first retry): doubled each time up to half a minute, and
 * half of it random, so that the clients of a restarted server don't all come back in one moment.
 */
export function retryDelayMs(attempt, random = Math.random) {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + random() * (full / 2));
}

/** After "going away": at once, but not all in the same instant. */
export function promptDelayMs(random = Math.random) {
  return Math.round(50 + random() * 450);
}
