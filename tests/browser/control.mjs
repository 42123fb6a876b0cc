/** What this script and its caller say to each other: JSON lines out, and answers in where a caller was announced. */

import { createInterface } from 'node:readline';

const WAIT_MS = 60_000;

/** Whether somebody answers what is asked. */
export const HAS_CALLER = process.env.CONTROL === 'stdin';

export function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Asks the caller for something only it can do, such as restarting the server; resolves to its answer. */
export async function ask(what) {
  say({ ask: what });
  const lines = createInterface({ input: process.stdin });
  const late = setTimeout(() => lines.close(), WAIT_MS);
  try {
    for await (const line of lines) {
      const answer = JSON.parse(line);
      if (answer.done === what) return answer;
    }
  } finally {
    clearTimeout(late);
    lines.close();
  }
  throw new Error(`nobody answered ${what}`);
}

/** What a step returns that could not be tried. */
export const SKIPPED = Symbol('skipped');

/** Runs one named step, and says how it went. */
export async function step(name, act) {
  const began = performance.now();
  try {
    const result = await act();
    const took_ms = Math.round(performance.now() - began);
    say({ step: name, ok: true, took_ms, ...(result === SKIPPED && { skipped: true }) });
  } catch (error) {
    say({ step: name, ok: false, error: String(error.stack ?? error) });
    throw error;
  }
}
