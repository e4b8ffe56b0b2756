/** Groups of rows that can be joined: union-find with path halving (Tarjan, 1975). */
export class Clusters {
  readonly #parent: Int32Array;

  constructor(rows: number) {
    this.#parent = Int32Array.from({ length: rows }, (_, row) => row);
  }

  /** The first row of a row's group. */
  find(row: number): number {
    const parent = this.#parent;
    while (parent[row] !== row) {
      parent[row] = parent[parent[row]];
      row = parent[row];
    }
    return row;
  }

  /** Joins the groups of two rows. Returns false if the rows were in one group already. */
  join(a: number, b: number): boolean {
    const [first, second] = [this.find(a), this.find(b)];
    if (first === second) return false;
    this.#parent[Math.max(first, second)] = Math.min(first, second);
    return true;
  }

  /** Groups of two rows or more, each in rising order. */
  groups(): number[][] {
    const groups = new Map<number, number[]>();
    for (let row = 0; row < this.#parent.length; row++) {
      const first = this.find(row);
      const group = groups.get(first);
      if (group === undefined) groups.set(first, [row]);
      else group.push(row);
    }
    return [...groups.values()].filter((group) => group.length > 1);
  }
}
