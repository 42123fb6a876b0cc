/**
 * A small stand-in for the server, for trying the page alone: `node clients/web/test/fake-server.mjs [PORT]`.
 * It forgets everything when it ends. `--no-guests` and `--no-simulator` show the page's other faces.
 */

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDoors } from './fake/doors.mjs';
import { House } from './fake/house.mjs';
import { accept } from './fake/socket.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const POLICY = "default-src 'self'; img-src 'self' https: data:";

const options = new Set(process.argv.slice(2));
const port = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 0);
const doors = makeDoors(new House(), { guestsAllowed: !options.has('--no-guests'), hasSimulator: !options.has('--no-simulator') });

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://here');
  const path = url.pathname.slice(1);
  try {
    const answer = await callOf(request, path, Object.fromEntries(url.searchParams));
    if (answer !== undefined) return send(response, 200, 'application/json', JSON.stringify(answer));
    const file = normalize(path || 'index.html');
    return send(response, 200, TYPES[extname(file)] ?? 'text/plain', await readFile(join(ROOT, file)));
  } catch (refusal) {
    const status = refusal.status ?? 404;
    return send(response, status, 'application/problem+json', JSON.stringify({ status, code: refusal.code ?? 'not_found', detail: '' }));
  }
});

async function callOf(request, path, query) {
  const token = request.headers.authorization?.replace('Bearer ', '');
  let text = '';
  for await (const chunk of request) text += chunk;
  return doors.call(request.method, path, query, text ? JSON.parse(text) : {}, token);
}

function send(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type, 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-cache' });
  response.end(body);
}

server.on('upgrade', (request, stream) => {
  const token = new URL(request.url, 'http://here').searchParams.get('token');
  let guest = null;
  const socket = accept(request, stream, {
    onText: (text) => guest?.receive(JSON.parse(text)),
    onClose: () => guest?.leave(),
  });
  guest = doors.connect(token, socket.send, socket.close);
  if (!guest) {
    socket.send({ type: 'error', code: 'session_expired', message: '' });
    socket.close(4001);
  }
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}/`));
