/** Bytes of a message's content above which a stream is split. */
const LARGE = 1 << 22;
/** Bytes of one part. */
const PART = 1 << 20;

/** The start of a stream's content, as kernels write it: with or without blanks, the name first or last. */
const START = /^\{\s*(?:"name"\s*:\s*"(\w+)"\s*,\s*)?"text"\s*:\s*"/;
const END = /"\s*(?:,\s*"name"\s*:\s*"(\w+)"\s*)?\}\s*$/;

/**
 * Splits the content of a large stream message into texts. Such a message may be longer than the longest string, and
 * JSON.parse would take several times its size in memory. Undefined for other messages, which JSON.parse reads.
 *
 * @param bytes - the content's JSON
 */
export function splitStream(bytes: Buffer): readonly { readonly name: string; readonly text: string }[] | undefined {
  if (bytes.length < LARGE) return undefined;
  const start = START.exec(bytes.toString("latin1", 0, 200));
  const end = END.exec(bytes.toString("latin1", bytes.length - 200));
  const name = start?.[1] ?? end?.[1];
  if (start === null || end === null || name === undefined) return undefined;
  const last = bytes.length - 200 + end.index;
  const parts: { name: string; text: string }[] = [];
  for (let at = start[0].length; at < last;) {
    const to = at + 2 * PART < last ? partEnd(bytes, at) : last;
    const text = parsed(bytes.toString("utf8", at, to));
    if (text === undefined) return undefined;
    parts.push({ name, text });
    at = to;
  }
  return parts;
}

function parsed(inside: string): string | undefined {
  try {
    const text: unknown = JSON.parse(`"${inside}"`);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined; // no stream message after all
  }
}

/** The end of a part: a place between two characters, outside escapes and surrogate pairs. */
function partEnd(bytes: Buffer, from: number): number {
  const limit = from + PART;
  let at = from;
  while (at < limit) {
    const found = bytes.subarray(at, limit).indexOf(0x5c);
    if (found < 0) {
      at = limit;
      break;
    }
    const escape = at + found;
    at = escape + (bytes[escape + 1] === 0x75 ? 6 : 2);
    if (/^\\u[dD][89abAB]/.test(bytes.toString("latin1", escape, at)) && bytes[at] === 0x5c && bytes[at + 1] === 0x75)
      at += 6;
  }
  while ((bytes[at] & 0xc0) === 0x80) at++;
  return at;
}
