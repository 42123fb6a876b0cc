// The broadcast server of the tutorials, on Node's `ws` package: for each client, send. It stores nothing.
// Rooms come by query (`/?room=7`), and the sender gets a short `ack` after the loop, as it does from Teahouse,
// so that a closed-loop client has something to wait for that costs one small frame a message.
import { createServer } from 'node:http';
import { WebSocketServer, WebSocket } from 'ws';

const rooms = new Map();
const server = createServer();
const wss = new WebSocketServer({ server });

wss.on('connection', (ws, request) => {
  const name = request.url.split('room=')[1] ?? '';
  if (!rooms.has(name)) rooms.set(name, new Set());
  const room = rooms.get(name);
  room.add(ws);
  ws.on('error', () => ws.terminate());
  ws.on('close', () => room.delete(ws));
  ws.on('message', (data, isBinary) => {
    for (const client of room) {
      if (client !== ws && client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
    ws.send('ack');
  });
});

server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});

// The benchmark holds the other end of standard input: when it is gone, so is this server.
process.stdin.resume().on('end', () => process.exit(0));
