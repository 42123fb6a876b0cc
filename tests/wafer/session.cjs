// Drives one of the wafer SDKs, unmodified: signs in, makes an authenticated call, loses its session on the
// server, makes the call again. Prints what it saw as one line of JSON; the test judges it.
'use strict';

const { makeWx, postJson } = require('./wx.cjs');

const { SERVER, SDK, CALL } = process.env;
const CONTROL = `${SERVER}/wechat-sim/control`;
const LOGIN_URL = `${SERVER}/wafer/login`;
const USER_URL = `${SERVER}${CALL}`;

/** An SDK call with callbacks, as a promise. */
function called(call, options) {
  return new Promise((resolve, reject) => {
    const fail = (error) => reject(new Error(`${error?.type}: ${error?.message ?? JSON.stringify(error)}`));
    call({ ...options, success: resolve, fail });
  });
}

/** Ends all sessions of the person but the one used for it, as the person would on another device. */
async function endOtherSessions(person) {
  const login = await postJson(`${CONTROL}/login`, { person });
  const session = await postJson(`${SERVER}/v1/auth/wechat`, { code: login.code });
  const headers = { authorization: `Bearer ${session.token}` };
  const { items } = await (await fetch(`${SERVER}/v1/sessions`, { headers })).json();
  const others = items.filter((item) => !item.current);
  for (const { id } of others) {
    const answer = await fetch(`${SERVER}/v1/sessions/${id}`, { method: 'DELETE', headers });
    if (answer.status !== 204) throw new Error(`DELETE /v1/sessions/${id}: ${answer.status}`);
  }
  return { user: session.user.id, ended: others.length };
}

const stored = () => wx.getStorageSync('weapp_session_F2C224D4-2BCE-4C64-AF9F-A6D872000D1A');

async function main() {
  const { id: person } = await postJson(`${CONTROL}/people`, { nickname: '小明' });
  globalThis.wx = makeWx(CONTROL, person);
  const sdk = require(SDK);
  sdk.setLoginUrl(LOGIN_URL);
  const seen = {};
  seen.login = await called(sdk.login, { loginUrl: LOGIN_URL });
  seen.session = stored();
  const first = await called(sdk.request, { url: USER_URL });
  seen.first = { status: first.statusCode, data: first.data };
  Object.assign(seen, await endOtherSessions(person));
  wx.requests.length = 0;
  const again = await called(sdk.request, { url: USER_URL });
  seen.again = { status: again.statusCode, data: again.data };
  seen.paths = wx.requests.map(({ url }) => new URL(url).pathname);
  seen.newSession = stored();
  console.log(JSON.stringify(seen));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
