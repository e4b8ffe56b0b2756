import type { Drop } from "./ops";

const OTHER_GROUP = 0x9e3779b1; // parts the draws of one group of documents from another's

/** The draw for one of several groups of documents under a draw for all: the first group's is that draw itself. */
export function dropOfGroup({ rate, seed }: Drop, group: number): Drop {
  return { rate, seed: [seed[0] ^ Math.imul(group, OTHER_GROUP), seed[1]] };
}
