// Runs the JavaScript of docs/mini-program.md as it stands there, in Node with a `wx` of our own, and prints what it saw as
// one line of JSON; the test judges it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { makeWx, postJson } = require('../wafer/wx.cjs');

const { SERVER, DOCUMENT } = process.env;
const CONTROL = `${SERVER}/wechat-sim/control`;
const THEIRS = 'chat.example.com';
// The client packages lie where the wafer tests have them.
const fromWafer = createRequire(path.join(__dirname, '../wafer/session.cjs'));

const text = fs.readFileSync(DOCUMENT, 'utf8');
const blocks = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code);
const [signInCode, connectCode, sendCode, filterCode, waferCode] = blocks;
if (blocks.length !== 5) throw new Error(`the document has ${blocks.length} blocks of JavaScript`);
if (!signInCode.includes(`const HOST = '${THEIRS}'`)) throw new Error(`the host is not ${THEIRS}`);
const [, pressCode] = text.match(/`(send\(\{ type: 'press'[^`]*)`/);
const [, olderPath] = text.match(/`GET (\/v1\/rooms\/\{room\}\/messages\?before=SEQ)`/);

/** An address of the document, on the test's server. */
const here = (url) => url.replace(`https://${THEIRS}`, SERVER).replace(`wss://${THEIRS}`, SERVER.replace('http', 'ws'));

/** The phone's wx, with sockets, and with requests that carry data. */
function phone(person) {
  const wx = makeWx(CONTROL, person);
  wx.request = ({ url, method = 'GET', data, header = {}, success, fail }) => {
    const body = data === undefined ? undefined : JSON.stringify(data);
    const headers = { ...(body ? { 'content-type': 'application/json' } : {}), ...header };
    fetch(here(url), { method, headers, body }).then(
      async (answer) => success({ statusCode: answer.status, data: await answer.json() }),
      fail,
    );
  };
  wx.connectSocket = ({ url }) => {
    const socket = new WebSocket(here(url));
    return {
      send: ({ data }) => socket.send(data),
      onMessage: (told) => socket.addEventListener('message', ({ data }) => told({ data })),
      onClose: (told) => socket.addEventListener('close', ({ code }) => told({ code })),
    };
  };
  wx.toasts = [];
  wx.showToast = (toast) => wx.toasts.push(toast);
  return wx;
}

/** What comes, and waiting for it. */
function inbox() {
  const came = [];
  let wake = () => {};
  const show = (event) => {
    came.push(event);
    wake();
  };
  const next = async (isIt) => {
    for (;;) {
      const at = came.findIndex(isIt);
      if (at >= 0) return came.splice(at, 1)[0];
      await new Promise((resolve) => (wake = resolve));
    }
  };
  return { show, next };
}

async function main() {
  const { id: person } = await postJson(`${CONTROL}/people`, { nickname: '小明' });
  const wx = phone(person);
  globalThis.wx = wx;
  const page = new Function('wx', `${signInCode}\n${connectCode}\nreturn { HOST, signIn, connect };`)(wx);
  const seen = {};

  const { token } = await page.signIn();
  const { show, next } = inbox();
  const send = page.connect(token, show);
  const { room } = await next(({ type }) => type === 'joined');
  const say = () => new Function('send', 'room', sendCode)(send, room);
  say();
  seen.ack = await next(({ type }) => type === 'ack');
  say();
  seen.again = await next(({ type }) => type === 'ack');

  const filtered = new Function('event', 'markAs', 'showInstead', 'wx', filterCode);
  const tell = (event) =>
    filtered(event, (...args) => (seen.marked = args), (...args) => (seen.shown = args), wx);
  tell({ type: 'ack', state: 'held', message: 'm-1' });
  tell({ type: 'ack', state: 'sent', message: 'm-2', replaced: { by: 'Guard', content: '***' } });
  tell({ type: 'error', code: 'rejected', reason: '不可以', message: 'refused' });
  [seen.toast] = wx.toasts;

  new Function('send', 'card', 'button', pressCode)(send, { id: seen.ack.message }, { id: 'yes' });
  seen.press = await next(({ type }) => type === 'error');

  const older = olderPath.replace('{room}', room).replace('SEQ', String(seen.ack.seq + 1));
  const answer = await fetch(`${SERVER}${older}`, { headers: { authorization: `Bearer ${token}` } });
  seen.older = (await answer.json()).items;

  // A session that is over: told, closed with 4001, signed in anew, connected.
  const after = inbox();
  page.connect('over', after.show);
  await after.next(({ code }) => code === 'session_expired');
  seen.afterExpiry = (await after.next(({ type }) => type === 'hello')).type;

  seen.wafer = await new Promise((resolve, reject) => {
    const console = { log: resolve, error: reject };
    new Function('require', 'console', 'HOST', waferCode)(fromWafer, console, page.HOST);
  });
  process.stdout.write(`${JSON.stringify(seen)}\n`, () => process.exit(0));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
