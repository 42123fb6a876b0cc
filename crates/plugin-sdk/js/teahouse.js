// The host, in JavaScript: what every plugin may use, and `plugin`, which turns an object of plain functions into what
// the host calls. Part of the SDK: copied into your project, and yours to read; what you change here is yours to keep.
import * as rawDirectory from "teahouse:plugin/directory@1.0.0";
import * as rawEnv from "teahouse:plugin/env@1.0.0";
import * as rawKv from "teahouse:plugin/kv@1.0.0";
import * as rawLog from "teahouse:plugin/log@1.0.0";

/** Why a host function did nothing. `code`: denied, not-found, invalid, too-large, rate-limited, quota, conflict, unavailable. */
export class HostError extends Error {
  constructor(code, detail) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = "HostError";
    this.code = code;
    this.detail = detail;
  }
}

/** Calls a host function; its error becomes a HostError. */
export function call(hostFunction, ...args) {
  try {
    return hostFunction(...args);
  } catch (error) {
    const payload = error?.payload;
    throw payload?.tag ? new HostError(payload.tag, payload.val) : error;
  }
}

// There is no system below: no clock but the host's, and no chance but the host's.
const SystemDate = Date;
globalThis.Date = class Date extends SystemDate {
  constructor(...args) {
    if (args.length === 0) super(rawEnv.now());
    else super(...args);
  }
  static now() {
    return rawEnv.now();
  }
};
Math.random = () => {
  const bytes = rawEnv.random(6);
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0) / 2 ** 48;
};

const toBytes = (text) => Array.from(unescape(encodeURIComponent(text)), (char) => char.charCodeAt(0));
const toText = (bytes) => decodeURIComponent(escape(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));

function line(level) {
  return (text, fields = {}) =>
    rawLog.write(level, String(text), Object.entries(fields).map(([name, value]) => [name, String(value)]));
}

/** Lines in the plugin's log: log.info("words loaded", { count: 12 }). Never what people wrote. */
export const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };

/** Time and chance: milliseconds since 1970, random bytes (4096 at most), milliseconds left to this call. */
export const env = {
  now: () => rawEnv.now(),
  random: (count) => rawEnv.random(count),
  remaining: () => rawEnv.remaining(),
};

/** The plugin's own store, capability kv. Values are JSON; `ttl` is in milliseconds. */
export const kv = {
  /** The value; `missing` where there is none. */
  get(key, missing = null) {
    const bytes = call(rawKv.get, key);
    return bytes === null || bytes === undefined ? missing : JSON.parse(toText(bytes));
  },
  set(key, value, ttl = null) {
    call(rawKv.set, key, toBytes(JSON.stringify(value)), ttl);
  },
  /** Whether there was one. */
  delete: (key) => call(rawKv.delete, key),
  /** Adds to a counter, atomically, and gives the sum. The ttl is set when the counter is born. */
  increment: (key, by = 1, ttl = null) => call(rawKv.increment, key, by, ttl),
  /** Changes a value although others may be changing it: `change` gets the old value, and gives the new one. */
  update(key, missing, change) {
    for (let tries = 0; tries < 5; tries += 1) {
      const old = call(rawKv.get, key) ?? null;
      const value = change(old === null ? missing : JSON.parse(toText(old)));
      try {
        call(rawKv.swap, key, old, toBytes(JSON.stringify(value)), null);
        return value;
      } catch (error) {
        if (error.code !== "conflict") throw error;
      }
    }
    throw new HostError("conflict");
  },
  /** A page of keys: { keys, next }. */
  keys: (prefix, after = null, limit = 100) => call(rawKv.keys, prefix, after, limit),
};

/** Rooms where the plugin is installed, and their members, capability directory. */
export const directory = {
  room: (id) => call(rawDirectory.getRoom, id),
  user: (id) => call(rawDirectory.getUser, id),
  role: (room, user) => call(rawDirectory.getRole, room, user),
  /** A page of members: { users, next }. */
  members: (room, after = null, limit = 100) => call(rawDirectory.listMembers, room, after, limit),
};

/** Verdicts of a filter. `code` is a stable word; `reason` and `note` of replace are shown to the sender. */
export const allow = { tag: "allow" };
export const reject = (code, reason) => ({ tag: "reject", val: { code, reason } });
export const replace = (text, note = "", { content = null, review: matter = null } = {}) => ({
  tag: "replace",
  val: { text, content, note, review: matter },
});
/** For the moderators. severity: 0 a note, 1 low, 2 medium, 3 high; hold: until one of them lets it through. */
export const review = (code, note, { severity = 1, hold = false } = {}) => ({ code, note, severity, hold });
export const flag = (code, note, options) => ({ tag: "flag", val: review(code, note, options) });
export const shadow = (code, note, options) => ({ tag: "shadow", val: review(code, note, options) });
/** Of a gate: whoever runs the room decides. */
export const ask = (code, note, options) => ({ tag: "ask", val: review(code, note, options) });

/** What is wrong with a setting: throw it from `init`. */
export class Problem extends Error {
  constructor(field, text) {
    super(text);
    this.field = field;
  }
}

/** The value of a name in a list of pairs such as `message.extra`. */
export const extra = (pairs, name) => pairs.find(([key]) => key === name)?.[1];

// An exception becomes the text of an error: that costs this call, where a trap would cost the instance.
function told(hook) {
  return (...args) => {
    try {
      return hook(...args);
    } catch (error) {
      throw `${error?.name ?? "Error"}: ${error?.message ?? error}`;
    }
  };
}

/**
 * What the host calls, made of what you write: init(settings), check(message), checkEdit(before, after),
 * checkName(subject, text, by, room), checkJoin(room, user, word), and one function for each event of a bot, such as
 * command(id, command) or timer(id, timer). Write those that your manifest names.
 */
export function plugin(hooks) {
  return {
    setup: {
      init(config) {
        try {
          hooks.init?.(JSON.parse(config));
        } catch (error) {
          throw [{ field: error?.field ?? "", text: String(error?.message ?? error) }];
        }
      },
    },
    filter: {
      check: told((message) => hooks.check(message)),
      checkEdit: told((before, after) => (hooks.checkEdit ? hooks.checkEdit(before, after) : hooks.check(after))),
    },
    gate: {
      checkName: told((...name) => hooks.checkName?.(...name) ?? allow),
      checkJoin: told((...join) => hooks.checkJoin?.(...join) ?? allow),
    },
    bot: {
      handle: told((id, event) => {
        hooks[event.tag]?.(id, event.val);
      }),
    },
  };
}
