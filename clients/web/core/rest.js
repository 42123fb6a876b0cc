/** The server's HTTP surface: one call a function, problems as typed errors. */

const CALL_TIMEOUT_MS = 20_000;

/** A refusal of the server, or no answer at all (`code` is then `network`). */
export class Problem extends Error {
  constructor({ status = 0, code = 'network', detail = '', retryAfterMs = null, by = null, reason = null }) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.retryAfterMs = retryAfterMs;
    this.by = by;
    this.reason = reason;
  }
}

export class Rest {
  /** Called when the server no longer knows the session. */
  onSessionExpired = () => {};
  #base;
  #token;
  #language;
  #fetch;

  constructor({ base = '', token = null, language = () => 'en', fetch = globalThis.fetch.bind(globalThis) }) {
    this.#base = base;
    this.#token = token;
    this.#language = language;
    this.#fetch = fetch;
  }

  get(path, query = {}) {
    const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const text = new URLSearchParams(given).toString();
    return this.#call('GET', text ? `${path}?${text}` : path);
  }

  /** `idempotencyKey` belongs to what is being made: the same key again makes nothing twice. */
  post(path, body, idempotencyKey) {
    return this.#call('POST', path, body, idempotencyKey ? { 'Idempotency-Key': idempotencyKey } : {});
  }

  put(path, body = {}) {
    return this.#call('PUT', path, body);
  }

  delete(path) {
    return this.#call('DELETE', path);
  }

  async #call(method, path, body, extra = {}) {
    const headers = { Accept: 'application/json', 'Accept-Language': this.#language(), ...extra };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    if (body !== undefined) headers['Content-Type'] = 'application/json; charset=utf-8';
    let response;
    try {
      response = await this.#fetch(this.#base + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
      });
    } catch {
      throw new Problem({});
    }
    return this.#read(response);
  }

  async #read(response) {
    const text = await response.text().catch(() => '');
    const parsed = parse(text);
    if (response.ok) return parsed;
    if (response.status === 401 && this.#token) this.onSessionExpired();
    const retryAfter = Number(response.headers.get('Retry-After'));
    throw new Problem({
      status: response.status,
      code: parsed?.code ?? `http_${response.status}`,
      detail: parsed?.detail ?? '',
      by: parsed?.by ?? null,
      reason: parsed?.reason ?? null,
      retryAfterMs: retryAfter > 0 ? retryAfter * 1000 : null,
    });
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
