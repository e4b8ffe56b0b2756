/** Token ids of two texts, cut to a common length. */
export interface TruncatedPair {
  readonly texts: readonly [first: readonly number[], second: readonly number[]];
  readonly truncated: boolean;
}

/**
 * Cuts two texts to a common length as Python's tokenizers do with the strategy "longest_first": the longer text is cut
 * until both have the same length, then both are cut. If the length is odd, the longer text keeps one token more; of
 * two equally long texts, the second does. Reads no more of the texts than needed.
 *
 * @param room - most tokens of both texts together
 */
export function truncatePair(
  first: Iterator<number, unknown>,
  second: Iterator<number, unknown>,
  room: number,
): TruncatedPair {
  const [a, b] = [take(first, room + 1), take(second, room + 1)];
  if (a.length + b.length <= room) return { texts: [a, b], truncated: false };
  const isFirstLonger = a.length > room && b.length > room ? hasMore(first, second) : a.length > b.length;
  const [shorter, longer] = isFirstLonger ? [b, a] : [a, b];
  const half = Math.floor(room / 2);
  const kept = shorter.length <= half ? shorter.length : half;
  const [short, long] = [shorter.slice(0, kept), longer.slice(0, room - kept)];
  return { texts: isFirstLonger ? [long, short] : [short, long], truncated: true };
}

/** The first ids of a text. */
export function take(ids: Iterator<number, unknown>, most: number): number[] {
  const taken: number[] = [];
  while (taken.length < most) {
    const next = ids.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

/** Whether the first iterator has more left than the second. Reads both only to the end of the shorter one. */
function hasMore(first: Iterator<number, unknown>, second: Iterator<number, unknown>): boolean {
  for (;;) {
    const [a, b] = [first.next(), second.next()];
    if (a.done === true) return false;
    if (b.done === true) return true;
  }
}
