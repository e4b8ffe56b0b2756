import type { AttentionLayout } from "./ops";

/**
 * Consecutive documents whose attention is one batch of matrix products. They have one length, or are padded to the
 * longest.
 */
export interface AttentionBlock {
  /** First row of the block. */
  readonly row: number;
  /** Index of the block's first document among all documents. */
  readonly document: number;
  readonly documents: number;
  /** Tokens per document, including padding. */
  readonly length: number;
  /** Undefined if all documents have this length. */
  readonly padding?: Padding;
}

/** The padding of a block whose documents differ in length. */
export interface Padding {
  /** Row of each place of the block; a padding place repeats its document's first row: [documents * length]. */
  readonly rows: Int32Array;
  /** 1 for a token, 0 for padding: [documents * length]. */
  readonly tokens: Float32Array;
}

/**
 * The blocks of a layout. `places` holds the place of each row among the places of all blocks; it is missing if no
 * block is padded.
 */
export interface AttentionBlocks {
  readonly blocks: readonly AttentionBlock[];
  readonly places?: Int32Array;
}

/**
 * The padding budget, in attention weights. Below it, padding costs less than another batch: a batch is about sixty
 * operations, and a GPU waits for the processor between them.
 */
const WORTH_A_BATCH = 2 ** 24;

/** Merges consecutive groups into blocks while their padding stays within the budget. */
export function attentionBlocks({ heads, groups }: Pick<AttentionLayout, "heads" | "groups">): AttentionBlocks {
  const runs: (typeof groups)[number][][] = [];
  for (const group of groups) {
    const joined = [...(runs.at(-1) ?? []), group];
    const documents = joined.reduce((sum, each) => sum + each.documents, 0);
    const needed = joined.reduce((sum, each) => sum + each.documents * each.length ** 2, 0);
    if (joined.length > 1 && heads * (documents * longestOf(joined) ** 2 - needed) <= WORTH_A_BATCH)
      runs[runs.length - 1] = joined;
    else runs.push([group]);
  }
  const blocks = runs.map((run): AttentionBlock => {
    const documents = run.reduce((sum, each) => sum + each.documents, 0);
    return {
      row: run[0].row,
      document: run[0].document,
      documents,
      length: longestOf(run),
      ...(run.length === 1 ? {} : { padding: paddingOf(run) }),
    };
  });
  return { blocks, ...(blocks.some(({ padding }) => padding !== undefined) ? { places: placesOf(blocks) } : {}) };
}

function longestOf(run: AttentionLayout["groups"]): number {
  return run.reduce((longest, { length }) => Math.max(longest, length), 0);
}

function paddingOf(run: AttentionLayout["groups"]): Padding {
  const longest = longestOf(run);
  const size = run.reduce((sum, { documents }) => sum + documents, 0) * longest;
  const padding = { rows: new Int32Array(size), tokens: new Float32Array(size) };
  let place = 0;
  for (const { row, documents, length } of run) {
    for (let document = 0; document < documents; document++) {
      const first = row + document * length;
      for (let token = 0; token < longest; token++, place++) {
        padding.rows[place] = token < length ? first + token : first;
        padding.tokens[place] = token < length ? 1 : 0;
      }
    }
  }
  return padding;
}

function placesOf(blocks: readonly AttentionBlock[]): Int32Array {
  const places: number[] = [];
  let before = 0;
  for (const { row, documents, length, padding } of blocks) {
    const size = documents * length;
    for (let place = 0, next = row; place < size; place++)
      if (padding === undefined || padding.tokens[place] === 1) places[next++] = before + place;
    before += size;
  }
  return Int32Array.from(places);
}
