import type { Activation, ActivationOptions, GatedOptions, Ops, Primitives, RotaryOptions } from "../ops";
import type { GeluResult } from "../primitives";
import type { Tensor } from "../tensor";

const TANH_SLOPE = Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715;

/** An activation by the device's exact GELU, or by tanh. */
export function activate(
  ops: Ops,
  x: Tensor,
  { activation = "gelu", derivative, gelu }: ActivationOptions & Pick<Primitives, "gelu">,
): GeluResult {
  if (activation === "gelu") return gelu(x, { derivative });
  return ops.tidy(() => {
    const { inner, slope } = tanhArgument(ops, x, { activation, derivative });
    const t = ops.tanh(inner);
    const half = ops.scale(ops.shift(t, 1), 0.5); // x half is the activation
    const y = ops.mul(x, half);
    if (slope === undefined) return { y };
    // half + x (1 - t^2) slope / 2
    const rest = ops.mul(ops.mul(x, ops.scale(slope, 0.5)), ops.shift(ops.scale(ops.square(t), -1), 1));
    return { y, derivative: ops.add(half, rest) };
  });
}

/** The argument u of tanh in x (1 + tanh(u)) / 2, and du / dx if requested. */
function tanhArgument(
  ops: Ops,
  x: Tensor,
  { activation, derivative }: { activation: Exclude<Activation, "gelu">; derivative: boolean },
): { inner: Tensor; slope: Tensor | undefined } {
  if (activation === "silu")
    return { inner: ops.scale(x, 0.5), slope: derivative ? ops.shift(ops.scale(x, 0), 0.5) : undefined };
  const square = ops.square(x);
  const inner = ops.scale(ops.add(x, ops.scale(ops.mul(square, x), TANH_CUBE)), TANH_SLOPE);
  const slope = derivative ? ops.scale(ops.shift(ops.scale(square, 3 * TANH_CUBE), 1), TANH_SLOPE) : undefined;
  return { inner, slope };
}

export function gated(ops: Ops, x: Tensor, { activation }: GatedOptions): Tensor {
  return ops.tidy(() => {
    const [a, b] = halves(ops, x);
    return ops.mul(ops.gelu(a, { activation, derivative: false }).y, b);
  });
}

export function gatedBackward(ops: Ops, dy: Tensor, { x, activation }: { x: Tensor } & GatedOptions): Tensor {
  return ops.tidy(() => {
    const [a, b] = halves(ops, x);
    const { y, derivative } = ops.gelu(a, { activation, derivative: true });
    if (derivative === undefined) throw new TypeError("An activation must return the derivative that was requested.");
    const [rows, columns] = dy.shape;
    const parts = [ops.mul(ops.mul(dy, b), derivative), ops.mul(dy, y)];
    const joined = ops.concatRows(parts.map((part) => ops.reshape(part, [1, rows, columns])));
    return ops.reshape(ops.transpose(joined, [1, 0, 2]), [rows, 2 * columns]);
  });
}

/** The two halves of the columns of x [rows, 2 n]: [rows, n] each. */
function halves(ops: Ops, x: Tensor): readonly [Tensor, Tensor] {
  const [rows, columns] = [x.shape[0], x.shape[1] / 2];
  const turned = ops.transpose(ops.reshape(x, [rows, 2, columns]), [1, 0, 2]);
  const half = (which: number): Tensor => ops.reshape(ops.sliceRows(turned, which, 1), [rows, columns]);
  return [half(0), half(1)];
}

export function rotary(ops: Ops, x: Tensor, { heads, positions, cos, sin, inverse = false }: RotaryOptions): Tensor {
  const [rows, width] = x.shape;
  const half = width / heads / 2;
  return ops.tidy(() => {
    const turned = ops.transpose(ops.reshape(x, [rows, heads, 2, half]), [2, 0, 1, 3]);
    const [a, b] = [0, 1].map((which) => ops.reshape(ops.sliceRows(turned, which, 1), [rows, heads, half]));
    const [c, s] = [cos, sin].map((table) => ops.reshape(ops.gatherRows(table, positions), [rows, 1, half]));
    const [as, bs] = [ops.mul(a, s), ops.mul(b, s)];
    const [first, second] = inverse
      ? [ops.add(ops.mul(a, c), bs), ops.sub(ops.mul(b, c), as)]
      : [ops.sub(ops.mul(a, c), bs), ops.add(ops.mul(b, c), as)];
    const joined = ops.concatRows([first, second].map((part) => ops.reshape(part, [1, rows, heads, half])));
    return ops.reshape(ops.transpose(joined, [1, 2, 0, 3]), [rows, width]);
  });
}
