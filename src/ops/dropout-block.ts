import type { Drop } from "./ops";

const OTHER_BLOCK = 0x9e3779b1; // parts the draws of one block of documents from another's

/** The draw for one of several blocks of documents under a draw for all: the first block's is that draw itself. */
export function blockDropout({ rate, seed }: Drop, block: number): Drop {
  return { rate, seed: [seed[0] ^ Math.imul(block, OTHER_BLOCK), seed[1]] };
}
