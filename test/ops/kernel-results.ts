import { Random } from "../../src/base/random";
import type { Drop, Factors, LengthGroup, Ops } from "../../src/ops/ops";
import type { Tensor } from "../../src/ops/tensor";

/** Shapes whose rows fill no block of a mask, several, and more than one. */
export const WIDTHS = [1, 7, 16, 127, 128, 129, 400] as const;
const ROWS = 37;
const COLUMNS = 201; // several blocks of a product's
const HEAD_DIM = 37; // no multiple of any vector

/** Two documents of 3 tokens and one of `length`, for two heads. */
export function attentionGroups(length: number): readonly LengthGroup[] {
  return [
    { row: 0, document: 0, documents: 2, length: 3 },
    { row: 6, document: 2, documents: 1, length },
  ];
}

function attentionOf(
  ops: Ops,
  make: (...shape: number[]) => Tensor,
  { length, drop }: { length: number; drop: Drop | undefined },
): Record<string, Tensor> {
  const [rows, width] = [6 + length, 2 * HEAD_DIM];
  const { y, saved } = ops.attention(
    { q: make(rows, width), k: make(rows, width), v: make(rows, width) },
    { layout: { heads: 2, groups: attentionGroups(length), span: "every-token" }, drop, keep: true },
  );
  const { dq, dk, dv } = ops.attentionBackward(make(rows, width), saved, { needsKey: true });
  return { attention: y, dq, dk: dk ?? dq, dv };
}

/** A product with A under dropout and its gradients, for x [rows, width], a [r, width] and dLow [rows, r]. */
function lowerOf(
  ops: Ops,
  x: Tensor,
  { a, dLow, drop }: { a: Tensor; dLow: Tensor; drop: Drop | undefined },
): { low: Tensor; da: Tensor; dx: Tensor } {
  const { low, dropout } = ops.lower(x, a, { scaling: 2 / Math.sqrt(x.shape[1]), drop });
  return { low, da: ops.lowerGradient(dLow, x, dropout), dx: ops.lowerBackward(dLow, a, dropout) };
}

/** Reads a result as plain numbers. */
export async function readNumbers(ops: Ops, tensor: Tensor): Promise<number[]> {
  return [...(await ops.read(tensor))];
}

/** Results of the kernels with dropout, on given ops, for inputs and draws that are always the same. */
export async function kernelResults<T, O extends Ops>(
  ops: O,
  { width, rate }: { width: number; rate: number },
  read: (ops: O, tensor: Tensor) => T | Promise<T>,
): Promise<Record<string, T>> {
  const random = new Random(width);
  const make = (...shape: number[]): Tensor =>
    ops.float(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      shape,
    );
  let draws = 0;
  const drop = (): Drop | undefined => (rate === 0 ? undefined : { rate, seed: [width, draws++] });
  const found = ops.tidy(() => {
    const [x, residual, dy, gamma, beta] = [
      make(ROWS, width),
      make(ROWS, width),
      make(ROWS, width),
      make(width),
      make(width),
    ];
    const norm = ops.residualNorm(x, residual, { gamma, beta, epsilon: 1e-6, drop: drop() });
    const { dResidual, dx } = ops.residualNormBackward(dy, gamma, norm.saved);
    const dropped = drop();
    const plain = dropped && ops.dropout(x, dropped);
    const heads = attentionOf(ops, make, { length: width, drop: drop() });
    const rank = lowerOf(ops, x, { a: make(9, width), dLow: make(ROWS, 9), drop: drop() });
    const higher = lowerOf(ops, x, { a: make(20, width), dLow: make(ROWS, 20), drop: drop() });
    const ranks = {
      low: rank.low,
      da: rank.da,
      lowDx: rank.dx,
      higher: higher.low,
      higherDa: higher.da,
      higherDx: higher.dx,
    };
    const packed = ops.pack(ops.scale(make(COLUMNS, width), 1 / Math.sqrt(width)), { transpose: true });
    const product = ops.product(x, packed, { plus: [make(ROWS, COLUMNS)], times: make(ROWS, COLUMNS) });
    const factors = (depth: number): Factors => ({
      x: make(ROWS, depth),
      w: ops.pack(ops.scale(make(depth, COLUMNS), 0.2 / Math.sqrt(depth)), { transpose: false }),
    });
    const products = ops.products([factors(1024), { x, w: packed }, factors(width + 1)], {
      plus: [make(ROWS, COLUMNS)],
    });
    const [bias, small] = [make(COLUMNS), (rank: number): Tensor => ops.scale(make(COLUMNS, rank), 0.1)];
    const updates = {
      updated: ops.affine(x, packed, bias, { low: rank.low, b: small(9) }),
      higherUpdated: ops.affine(x, packed, bias, { low: higher.low, b: small(20) }),
    };
    const fed = ops.affineGelu(x, packed, make(COLUMNS), { derivative: true });
    const [many, few] = [ops.scale(make(3, width, 50), 1 / Math.sqrt(width)), ops.scale(make(3, 9, width), 1)];
    const batched = {
      batched: ops.matMul(few, many),
      leftTurned: ops.matMul(many, ops.transpose(few, [0, 2, 1]), { transposeA: true }),
      rightTurned: ops.matMul(few, ops.transpose(many, [0, 2, 1]), { transposeB: true }),
    };
    const gelu = ops.gelu(ops.scale(x, 3), { derivative: true });
    const out = {
      norm: norm.y,
      normalized: norm.saved.normalized,
      deviation: norm.saved.inverseDeviation,
      dResidual,
      dx,
      ...ranks,
      ...batched,
      product,
      products,
      ...updates,
      fed: fed.y,
      fedSlope: fed.derivative ?? fed.y,
      ...heads,
      gelu: gelu.y,
      slope: gelu.derivative ?? gelu.y,
    };
    return plain === undefined
      ? out
      : { ...out, dropped: plain.y, droppedBackward: ops.dropoutBackward(dy, plain.saved) };
  });
  const results: Record<string, T> = {};
  for (const [name, tensor] of Object.entries(found)) results[name] = await read(ops, tensor);
  ops.disposeIn(found);
  return results;
}
