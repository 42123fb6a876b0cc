/** What may be written after a slash: the room's commands, completed as they are typed. Pure, so that it is tested. */

/** So many are shown at once; typing on finds the others. */
const MOST = 8;

/** How long a room's commands are taken for known. */
const KNOWN_MS = 30_000;

/**
 * What to offer for `text`, as it stands in the box:
 * `{kind: 'commands', items: [{insert, command}]}` while the name is typed,
 * `{kind: 'choices', items: [{insert, choice}], command, option}` where an option has words of its own,
 * `{kind: 'usage', items: [], command}` while other options are typed, or null.
 */
export function suggest(commands, text) {
  const typed = /^\/(\S*)(\s[\s\S]*)?$/.exec(text);
  if (!typed) return null;
  const [, name, rest] = typed;
  if (rest === undefined) return byName(commands, name.toLowerCase());
  const command = commands.find((candidate) => candidate.name === name);
  return command ? inOptions(command, text, rest) : null;
}

function byName(commands, wanted) {
  // Who doesn't know a command's name knows what it does: `/投票` finds `/poll`.
  const found = commands.filter(({ name, description = '' }) => name.includes(wanted) || description.toLowerCase().includes(wanted));
  found.sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted)) || a.name.localeCompare(b.name));
  if (found.length === 0) return null;
  return { kind: 'commands', items: found.slice(0, MOST).map((command) => ({ insert: `/${command.name} `, command })) };
}

function inOptions(command, text, rest) {
  const words = rest.trimStart().split(/\s+/);
  const option = command.options?.[words.length - 1];
  const begun = words.at(-1).toLowerCase();
  const choices = (option?.choices ?? []).filter((choice) => choice.toLowerCase().startsWith(begun) && choice.toLowerCase() !== begun);
  if (choices.length === 0) return command.options?.length > 0 ? { kind: 'usage', items: [], command } : null;
  const before = text.slice(0, text.length - words.at(-1).length);
  return { kind: 'choices', items: choices.map((choice) => ({ insert: before + choice, choice })), command, option };
}

/** Whether the whole text may be sent as it is, rather than completed: the name is typed out and needs nothing more. */
export function isWhole(text, { command }) {
  return text.trim() === `/${command.name}` && !command.options?.some((option) => option.required);
}

/** How a command is written: `/guard <mode> [note]`. */
export function usageOf(command) {
  return usageParts(command).join(' ');
}

/** The same, piece by piece: the name, and then each option. */
export function usageParts({ name, options = [] }) {
  return [`/${name}`, ...options.map((option) => (option.required ? `<${option.name}>` : `[${option.name}]`))];
}

/** Which of the command's options is being written at the end of `text`; a last text takes all that follows. */
export function optionAt({ options = [] }, text) {
  const words = text.replace(/^\/\S*\s*/, '').split(/\s+/);
  return Math.min(words.length, options.length) - 1;
}

/** The commands of rooms, asked for when somebody begins to type one. */
export class CommandBook {
  #ask;
  #clock;
  #known = new Map();

  /** `ask(room)` resolves to the list of a room. */
  constructor(ask, clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** The room's commands; none where they can't be had, because writing goes on without them. */
  async of(room) {
    const known = this.#known.get(room);
    if (known && this.#clock.now() - known.at < KNOWN_MS) return known.commands;
    const commands = this.#ask(room).catch(() => {
      this.#known.delete(room);
      return [];
    });
    this.#known.set(room, { at: this.#clock.now(), commands });
    return commands;
  }
}
