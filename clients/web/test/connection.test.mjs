import assert from 'node:assert/strict';
import test from 'node:test';
import { Connection } from '../core/connection.js';
import { HandClock, socketClass } from './stage.mjs';

function connect() {
  const clock = new HandClock();
  const Socket = socketClass();
  const connection = new Connection({ url: () => 'ws://test/ws', Socket, clock });
  connection.open();
  return { clock, Socket, connection, hello: () => Socket.last.say({ type: 'hello', heartbeat_s: 20 }) };
}

test('it is online with the hello, not with the open socket', () => {
  const { connection, hello } = connect();
  assert.equal(connection.state.phase, 'connecting');
  assert.equal(connection.send({ type: 'ping' }), false);
  hello();
  assert.equal(connection.state.phase, 'online');
});

test('a lost connection waits longer each time, and says until when', () => {
  const { clock, Socket, connection } = connect();
  const waits = [];
  for (let i = 0; i < 9; i += 1) {
    Socket.last.drop();
    assert.equal(connection.state.phase, 'offline');
    const wait = connection.state.retryAt - clock.now();
    waits.push(wait);
    clock.advance(wait);
    assert.equal(connection.state.phase, 'connecting');
  }
  assert.deepEqual(waits, [375, 750, 1500, 3000, 6000, 12000, 22500, 22500, 22500]);
});

test('a connection that lived a while starts the back-off anew; one that flaps does not', () => {
  const { clock, Socket, connection, hello } = connect();
  hello();
  clock.advance(6_000);
  Socket.last.drop();
  assert.equal(connection.state.retryAt - clock.now(), 375);
  clock.advance(400);
  hello();
  Socket.last.drop();
  assert.equal(connection.state.retryAt - clock.now(), 750);
});

test('a server that goes away is tried again at once', () => {
  const { clock, Socket, connection, hello } = connect();
  hello();
  clock.advance(6_000);
  Socket.last.drop(1001);
  assert.ok(connection.state.retryAt - clock.now() <= 500);
});

for (const [code, reason] of [[1008, 'banned'], [4001, 'session_expired'], [4002, 'elsewhere']]) {
  test(`after close code ${code} it never comes back`, () => {
    const { clock, Socket, connection, hello } = connect();
    hello();
    Socket.last.drop(code);
    assert.deepEqual(connection.state, { phase: 'ended', reason });
    clock.advance(3_600_000);
    connection.networkChanged(true);
    assert.equal(Socket.all.length, 1);
  });
}

test('silence after a ping counts as a lost connection', () => {
  const { clock, Socket, connection, hello } = connect();
  hello();
  clock.advance(20_000);
  assert.equal(Socket.last.sentOf('ping').length, 1);
  clock.advance(10_000);
  assert.equal(connection.state.phase, 'offline');
});

test('any frame is a sign of life', () => {
  const { clock, Socket, connection, hello } = connect();
  hello();
  clock.advance(20_000);
  Socket.last.say({ type: 'typing', room: 'r', user: 'u' });
  clock.advance(10_000);
  assert.equal(connection.state.phase, 'online');
});

test('a socket that was given up can say nothing more', () => {
  const { clock, Socket, connection } = connect();
  clock.advance(10_000);
  const [old] = Socket.all;
  clock.advance(1_000);
  old.say({ type: 'hello', heartbeat_s: 20 });
  assert.equal(connection.state.phase, 'connecting');
});

test('the network coming back ends the waiting', () => {
  const { Socket, connection } = connect();
  Socket.last.drop();
  connection.networkChanged(true);
  assert.equal(Socket.all.length, 2);
  assert.equal(connection.state.phase, 'connecting');
});
