// The `wx` object of a mini-program, as far as the wafer SDKs use it: requests go over HTTP, and what WeChat
// gives (codes, profiles) comes from the simulator's control calls.
'use strict';

async function postJson(url, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Calls a mini-program function's callbacks as the phone does: one of the two, then `complete`. */
function settle(promise, options) {
  promise.then(
    (result) => {
      options.success?.(result);
      options.complete?.(result);
    },
    (error) => {
      const failure = { errMsg: String(error) };
      options.fail?.(failure);
      options.complete?.(failure);
    },
  );
}

/** WeChat parses what looks like JSON, whatever the content type says. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A phone of `person`, at the simulator's `control` URL. `requests` lists what it asked of servers. */
function makeWx(control, person) {
  const storage = new Map();
  const requests = [];
  let latest;
  return {
    requests,
    login(options) {
      const gives = postJson(`${control}/login`, { person }).then((login) => {
        latest = login;
        return { code: login.code, errMsg: 'login:ok' };
      });
      settle(gives, options);
    },
    getUserInfo(options) {
      const gives = (latest ? Promise.resolve(latest) : postJson(`${control}/userinfo`, { person })).then((info) => ({
        userInfo: JSON.parse(info.raw_data),
        rawData: info.raw_data,
        signature: info.signature,
        encryptedData: info.encrypted_data,
        iv: info.iv,
      }));
      settle(gives, options);
    },
    checkSession(options) {
      settle(Promise.resolve({ errMsg: 'checkSession:ok' }), options);
    },
    request(options) {
      const method = (options.method ?? 'GET').toUpperCase();
      requests.push({ method, url: options.url, headers: Object.keys(options.header ?? {}) });
      const answers = fetch(options.url, { method, headers: options.header }).then(async (answer) => ({
        statusCode: answer.status,
        header: Object.fromEntries(answer.headers),
        data: parsed(await answer.text()),
      }));
      settle(answers, options);
    },
    // The SDKs listen for sockets as soon as they are loaded.
    onSocketOpen() {},
    onSocketMessage() {},
    onSocketClose() {},
    onSocketError() {},
    // The phone keeps copies, not the objects themselves.
    getStorageSync: (key) => (storage.has(key) ? JSON.parse(storage.get(key)) : ''),
    setStorageSync: (key, value) => void storage.set(key, JSON.stringify(value)),
    removeStorageSync: (key) => void storage.delete(key),
  };
}

module.exports = { makeWx, postJson };
