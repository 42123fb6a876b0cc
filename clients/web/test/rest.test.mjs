import assert from 'node:assert/strict';
import test from 'node:test';
import { Problem, Rest } from '../core/rest.js';
import { findPeople, signInAs } from '../core/sign-in.js';

/** A server that answers each path with `[status, body]`. */
function server(answers) {
  const asked = [];
  const fetch = async (path, options) => {
    asked.push({ path, ...options, body: options.body && JSON.parse(options.body) });
    const answer = answers[path];
    if (!answer) throw new TypeError('network');
    return new Response(answer[1] === undefined ? null : JSON.stringify(answer[1]), { status: answer[0], headers: answer[2] });
  };
  return { asked, fetch };
}

const rest = (answers, token) => {
  const { asked, fetch } = server(answers);
  return Object.assign(new Rest({ fetch, token, language: () => 'zh' }), { asked });
};

test('a refusal carries the server’s code and when to come back', async () => {
  const one = rest({ 'v1/me': [429, { code: 'rate_limited', detail: '太快' }, { 'Retry-After': '2' }] });
  await assert.rejects(one.get('v1/me'), (problem) => {
    assert.ok(problem instanceof Problem);
    assert.deepEqual([problem.status, problem.code, problem.detail, problem.retryAfterMs], [429, 'rate_limited', '太快', 2000]);
    return true;
  });
});

test('no answer is a problem of its own kind, and so is an answer that is no problem document', async () => {
  await assert.rejects(rest({}).get('v1/me'), { code: 'network', status: 0 });
  await assert.rejects(rest({ 'v1/me': [502, undefined] }).get('v1/me'), { code: 'http_502' });
});

test('the token, the language and the idempotency key are sent; empty query fields are not', async () => {
  const one = rest({ 'v1/rooms': [201, {}], 'v1/rooms?limit=5': [200, {}] }, 'secret');
  await one.post('v1/rooms', { name: 'x' }, 'key-1');
  await one.get('v1/rooms', { limit: 5, cursor: null, before: undefined });
  const { headers } = one.asked[0];
  assert.deepEqual([headers.Authorization, headers['Accept-Language'], headers['Idempotency-Key']], ['Bearer secret', 'zh', 'key-1']);
  assert.equal(one.asked[1].path, 'v1/rooms?limit=5');
});

test('a session that the server no longer knows is told once to who holds it', async () => {
  const one = rest({ 'v1/me': [401, { code: 'session_expired' }] }, 'old');
  let told = 0;
  one.onSessionExpired = () => (told += 1);
  await assert.rejects(one.get('v1/me'), { code: 'session_expired' });
  assert.equal(told, 1);
});

test('without a simulator there are no people to choose from', async () => {
  assert.equal(await findPeople(rest({ 'wechat-sim/control/people': [404, { code: 'not_found' }] })), null);
  assert.deepEqual(await findPeople(rest({ 'wechat-sim/control/people': [200, { items: [{ id: 'p' }] }] })), [{ id: 'p' }]);
});

test('signing in hands on what the phone gives, and nothing else', async () => {
  const phone = { code: 'c', raw_data: '{}', signature: 's', encrypted_data: 'e', iv: 'i' };
  const one = rest({ 'wechat-sim/control/login': [200, { ...phone, more: 1 }], 'v1/auth/wechat': [200, { token: 't' }] });
  assert.deepEqual(await signInAs(one, 'p'), { token: 't' });
  assert.deepEqual(one.asked.map(({ body }) => body), [{ person: 'p' }, phone]);
});
