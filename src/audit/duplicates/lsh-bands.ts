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

interface Quadrature {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

function integrate(
  value: (x: number) => number,
  [from, to]: readonly [number, number],
  { nodes, weights }: Quadrature,
): number {
  const [middle, half] = [(from + to) / 2, (to - from) / 2];
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i] * value(middle + half * nodes[i]);
  return half * sum;
}

/** Nodes and weights of Gauss and Legendre on [-1, 1], by Newton's method on the Legendre polynomial. */
function gaussLegendre(n: number): Quadrature {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let step = 0; step < 100; step++) {
      let [before, value] = [1, x];
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = n === 1 ? 1 : (n * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    nodes[i] = x;
    weights[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** Signatures and how they are cut. */
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
