/** Just enough of RFC 6455 for the fake server: text frames, close, ping. Never for anything but trials. */

import { createHash } from 'node:crypto';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Accepts an upgrade; `onText(text)` and `onClose()` are called, what is returned sends and closes. */
export function accept(request, stream, { onText, onClose }) {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64');
  stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`);
  let buffer = Buffer.alloc(0);
  let isOpen = true;
  const ended = () => {
    if (isOpen) onClose();
    isOpen = false;
  };
  stream.on('data', (data) => {
    buffer = Buffer.concat([buffer, data]);
    for (let frame = take(); frame; frame = take()) {
      if (frame.opcode === 1) onText(frame.payload.toString());
      if (frame.opcode === 8) stream.end(encode(8, frame.payload.subarray(0, 2)));
      if (frame.opcode === 9) stream.write(encode(10, frame.payload));
    }
  });
  stream.on('close', ended);
  stream.on('error', ended);

  function take() {
    if (buffer.length < 6) return null;
    const [sizes, maskAt] = length(buffer);
    if (sizes === null || buffer.length < maskAt + 4 + sizes) return null;
    const mask = buffer.subarray(maskAt, maskAt + 4);
    const payload = Buffer.from(buffer.subarray(maskAt + 4, maskAt + 4 + sizes)).map((byte, i) => byte ^ mask[i % 4]);
    const opcode = buffer[0] & 15;
    buffer = buffer.subarray(maskAt + 4 + sizes);
    return { opcode, payload: Buffer.from(payload) };
  }

  return {
    send: (frame) => isOpen && stream.write(encode(1, Buffer.from(JSON.stringify(frame)))),
    close(code) {
      const body = Buffer.alloc(2);
      body.writeUInt16BE(code);
      stream.end(encode(8, body));
    },
  };
}

function length(buffer) {
  const short = buffer[1] & 127;
  if (short < 126) return [short, 2];
  if (short === 126) return buffer.length < 4 ? [null, 4] : [buffer.readUInt16BE(2), 4];
  return buffer.length < 10 ? [null, 10] : [Number(buffer.readBigUInt64BE(2)), 10];
}

function encode(opcode, payload) {
  const head = [0x80 | opcode];
  if (payload.length < 126) head.push(payload.length);
  else if (payload.length < 65536) head.push(126, payload.length >> 8, payload.length & 255);
  else {
    const size = Buffer.alloc(8);
    size.writeBigUInt64BE(BigInt(payload.length));
    head.push(127, ...size);
  }
  return Buffer.concat([Buffer.from(head), payload]);
}
