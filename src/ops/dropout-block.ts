import type { Drop } from "./ops";

const OTHER_BLOCK = 0x9e3779b1; // makes the draws of different blocks differ

/** Derives the draw for one block of documents from the draw for all documents. Block 0 uses that draw itself. */
export function blockDropout({ rate, seed }: Drop, block: number): Drop {
  return { rate, seed: [seed[0] ^ Math.imul(block, OTHER_BLOCK), seed[1]] };
}
