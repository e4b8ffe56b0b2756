import { gaussLegendre, type Quadrature } from "../../base/gauss-legendre";

/** A division of signatures into bands. */
export interface Bands {
  /** Number of bands. */
  readonly b: number;
  /** Entries of each band. */
  readonly r: number;
}

/**
 * The bands that make the fewest errors at a threshold: those of `datasketch.MinHashLSH`. A pair of similarity s shares
 * a band with probability 1 - (1 - s^r)^b; the error is the mean of that over similarities below the threshold and of
 * its complement above it (Leskovec, Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3).
 *
 * @param threshold - a Jaccard similarity in (0, 1)
 * @param numPerm - entries of a signature
 */
export function optimalBands(threshold: number, numPerm: number): Bands {
  const rule = gaussLegendre(Math.ceil((numPerm + 1) / 2)); // exact for polynomials of degree numPerm
  let best: Bands = { b: 0, r: 0 };
  let least = Infinity;
  for (let b = 1; b <= numPerm; b++) {
    for (let r = 1; r <= Math.floor(numPerm / b); r++) {
      const shared = (s: number): number => 1 - (1 - s ** r) ** b;
      const error =
        0.5 * integrate(shared, [0, threshold], rule) + 0.5 * integrate((s) => 1 - shared(s), [threshold, 1], rule);
      if (error < least) {
        least = error;
        best = { b, r };
      }
    }
  }
  return best;
}

function integrate(
  value: (x: number) => number,
  [from, to]: readonly [number, number],
  { nodes, weights }: Quadrature,
): number {
  const length = to - from;
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i] * value(from + length * nodes[i]);
  return length * sum;
}

/** Signatures, and the bands into which they are cut. */
export interface BandedSignatures {
  /** [rows, numPerm] */
  readonly signatures: Uint32Array;
  readonly numPerm: number;
  readonly bands: Bands;
}

/** The buckets of a band: two rows or more whose signatures are equal there. */
export function bucketsOf({ signatures, numPerm, bands: { r } }: BandedSignatures, band: number): number[][] {
  const bytes = Buffer.from(signatures.buffer, signatures.byteOffset, signatures.byteLength);
  const buckets = new Map<string, number[]>();
  for (let row = 0; row < signatures.length / numPerm; row++) {
    const start = 4 * (row * numPerm + band * r);
    const key = bytes.toString("latin1", start, start + 4 * r);
    const bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, [row]);
    else bucket.push(row);
  }
  return [...buckets.values()].filter((bucket) => bucket.length > 1);
}

/** Whether two rows share a band before this one. */
export function shareEarlierBand(
  { signatures, numPerm, bands: { r } }: BandedSignatures,
  [a, b]: readonly [number, number],
  band: number,
): boolean {
  for (let earlier = 0; earlier < band; earlier++) {
    let k = earlier * r;
    while (k < (earlier + 1) * r && signatures[a * numPerm + k] === signatures[b * numPerm + k]) k++;
    if (k === (earlier + 1) * r) return true;
  }
  return false;
}
