import { hash } from "node:crypto";

import { NumpyRandom } from "../../corpus/split/numpy-random";

/** Options of {@link MinHash}, with datasketch's names in camelCase. */
export interface MinHashOptions {
  /** Number of permutations, which is the length of a signature. @default 128 */
  readonly numPerm?: number;
  /** The seed of the permutations, a whole number in [0, 2^32). @default 1 */
  readonly seed?: number;
}

/** The value of each entry in the signature of an empty set. */
const EMPTY = 0xffffffff;

/**
 * MinHash signatures of sets: the share of equal entries of two signatures estimates the Jaccard similarity of the sets
 * (Broder, "On the resemblance and containment of documents", 1997). They equal bit for bit those of
 * `datasketch.MinHash` 2.0 with its default scheme `affine32`. The hash of a member is the first four bytes of its
 * SHA-1 (in UTF-8), mixed by MurmurHash3's finalizer. Each entry is the smallest a * hash + b modulo 2^32 over all
 * members; a and b of each permutation come from NumPy's `RandomState(seed)`. datasketch before 2.0 had other
 * permutations.
 */
export class MinHash {
  readonly numPerm: number;
  readonly #a: Int32Array;
  readonly #b: Int32Array;

  constructor({ numPerm = 128, seed = 1 }: MinHashOptions = {}) {
    const random = new NumpyRandom(seed);
    this.numPerm = numPerm;
    this.#a = Int32Array.from({ length: numPerm }, () => (random.uint32() & 0x7fffffff) * 2 + 1);
    this.#b = Int32Array.from({ length: numPerm }, () => random.uint32());
  }

  /**
   * The signature of a set.
   *
   * @param into - where to write it, [numPerm]. By default a new array
   */
  signature(members: Iterable<string>, into = new Uint32Array(this.numPerm)): Uint32Array {
    into.fill(EMPTY);
    const [a, b] = [this.#a, this.#b];
    for (const member of members) {
      const mixed = mix(hash("sha1", member, "buffer").readUInt32LE(0));
      for (let i = 0; i < into.length; i++) {
        const value = (Math.imul(a[i], mixed) + b[i]) >>> 0;
        if (value < into[i]) into[i] = value;
      }
    }
    return into;
  }
}

/** MurmurHash3's finalizer for 32 bits. */
function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
