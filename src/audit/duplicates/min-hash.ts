import { hash } from "node:crypto";

import { NumpyRandom } from "../../corpus/split/numpy-random";

/** Options of {@link MinHash}, with datasketch's names in camelCase. */
export interface MinHashOptions {
  /** Number of permutations, which is the length of a signature. @default 128 */
  readonly numPerm?: number;
  /** The seed of the permutations, a whole number in [0, 2^32). @default 1 */
  readonly seed?: number;
}

/** The value of a signature's entry without any member. */
const EMPTY = 0xffffffff;

/**
 * Signatures of sets whose share of equal entries estimates the Jaccard similarity (Broder, "On the resemblance and
 * containment of documents", 1997). They are bit for bit those of `datasketch.MinHash` 2.0 with its default scheme
 * `affine32`: the first four bytes of a member's SHA-1 in UTF-8, mixed by MurmurHash3's finalizer, then the least of
 * a * hash + b modulo 2^32 for each permutation, with a and b from NumPy's `RandomState(seed)`. datasketch before 2.0
 * had other permutations.
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
