/** A TCP proxy between browser and server, so that a test can cut one person's network. */

import { connect, createServer } from 'node:net';

/** Listens on a free port; `address` is what the browser opens instead of the server's own address. */
export async function startProxy(target) {
  const pairs = new Set();
  let upstream = new URL(target);
  let isCut = false;
  let isDeaf = false;

  const server = createServer((near) => {
    if (isCut) return near.destroy();
    const far = connect(Number(upstream.port || 80), upstream.hostname);
    const pair = [near, far];
    pairs.add(pair);
    const drop = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const side of pair) side.on('error', drop).on('close', drop);
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => isDeaf || near.write(data));
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const dropAll = () => {
    for (const [near, far] of [...pairs]) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    address: `http://127.0.0.1:${server.address().port}/`,
    /** Ends every connection, and refuses new ones until `heal`. */
    cut() {
      isCut = true;
      dropAll();
    },
    /** What the browser sends still arrives; what the server answers is lost. */
    deafen() {
      isDeaf = true;
    },
    heal() {
      isCut = false;
      isDeaf = false;
    },
    /** The server lives at another address now. */
    retarget(address) {
      upstream = new URL(address);
    },
    close() {
      dropAll();
      server.close();
    },
  };
}
