// Unsigned variable-length integers up to 2^53 - 1, seven bits to a byte, low bits first, as in Protocol Buffers.

/** Writes `value` and returns the position after it. */
export function writeVarint(out: Uint8Array, position: number, value: number): number {
  let at = position;
  let rest = value;
  while (rest >= 0x80000000) {
    out[at] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  while (rest >= 0x80) {
    out[at] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
    at += 1;
  }
  out[at] = rest;
  return at + 1;
}

/** Reads the integer at `position`. */
export function readVarint(from: Uint8Array, position: number): number {
  let byte = from[position] ?? 0;
  if (byte < 0x80) return byte;
  let value = byte & 0x7f;
  let factor = 128;
  for (let at = position + 1; factor <= 2 ** 49; at += 1) {
    byte = from[at] ?? 0;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
    factor *= 128;
  }
  return value;
}

/** The position after the integer at `position`. */
export function varintEnd(from: Uint8Array, position: number): number {
  let at = position;
  while ((from[at] ?? 0) >= 0x80) at += 1;
  return at + 1;
}
