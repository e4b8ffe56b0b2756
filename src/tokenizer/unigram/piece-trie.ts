/**
 * The pieces of a vocabulary as a tree by UTF-16 units, in flat arrays: some ten bytes for each node, for vocabularies
 * of 250,000 pieces. The children of a node are neighbours, sorted by their unit.
 */
export interface PieceTrie {
  /** The first child of each node; the last one is before the first child of the next node: [nodes + 1]. */
  readonly children: Uint32Array;
  /** The unit that leads to each node: [nodes]. */
  readonly units: Uint16Array;
  /** The id of the piece that ends at each node, or -1: [nodes]. */
  readonly ids: Int32Array;
  /** The node of each first unit, or 0: [65536]. */
  readonly starts: Uint32Array;
}

/**
 * Builds the tree of pieces, level by level.
 *
 * @param pieces - distinct texts; a piece's id is its index
 */
export function buildPieceTrie(pieces: readonly string[]): PieceTrie {
  const order = Array.from(pieces, (_, id) => id).sort((a, b) => (pieces[a] < pieces[b] ? -1 : 1)); // by UTF-16 units
  const children: number[] = [];
  const units: number[] = [0];
  const ids: number[] = [-1];
  let level = [{ from: 0, to: order.length }]; // each node's pieces, a range of the sorted ones
  for (let depth = 0; level.length > 0; depth++) {
    const below: { from: number; to: number }[] = [];
    for (const { from, to } of level) {
      children.push(units.length);
      let at = from;
      while (at < to && pieces[order[at]].length === depth) at++; // the node's own piece
      while (at < to) {
        const unit = pieces[order[at]].charCodeAt(depth);
        const start = at;
        while (at < to && pieces[order[at]].charCodeAt(depth) === unit) at++;
        units.push(unit);
        ids.push(pieces[order[start]].length === depth + 1 ? order[start] : -1);
        below.push({ from: start, to: at });
      }
    }
    level = below;
  }
  children.push(units.length);
  const starts = new Uint32Array(0x10000);
  for (let node = children[0]; node < children[1]; node++) starts[units[node]] = node;
  return { children: Uint32Array.from(children), units: Uint16Array.from(units), ids: Int32Array.from(ids), starts };
}

/** The child of a node by its unit, or 0. */
export function childOf({ children, units }: PieceTrie, node: number, unit: number): number {
  let [low, high] = [children[node], children[node + 1]];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (units[middle] < unit) low = middle + 1;
    else high = middle;
  }
  return low < children[node + 1] && units[low] === unit ? low : 0;
}
