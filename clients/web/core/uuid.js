/** Client ids: UUIDv7 (RFC 9562 §5.7), strictly increasing in one page even within a millisecond. */

const hex = (byte) => byte.toString(16).padStart(2, '0');

/** A maker of ids; time and randomness are parameters so that tests can fix them. */
export function uuidMaker(now = Date.now, fill = (bytes) => crypto.getRandomValues(bytes)) {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const bytes = fill(new Uint8Array(16));
    const ms = now();
    if (ms > lastMs) {
      lastMs = ms;
      // Half of the 12 bits stay free, so that the counter can grow within this millisecond.
      counter = ((bytes[6] << 8) | bytes[7]) & 0x7ff;
    } else if (++counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
    // Bit operators work on 32 bits, and the time has 48.
    for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(lastMs / 2 ** (8 * (5 - i))) % 256;
    bytes[6] = 0x70 | (counter >> 8);
    bytes[7] = counter & 0xff;
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const text = [...bytes].map(hex).join('');
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
  };
}

export const uuid = uuidMaker();
