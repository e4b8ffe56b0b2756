import { lowerGradient } from "../composed/low-rank";
import { keptFactor } from "../composed/residual-norm";
import type { Activation, Drop, LowerOptions, Ops, PackedMatrix, Update } from "../ops";
import type { GeluResult, MatMulOptions, Primitives } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { drawUniforms } from "./programs/draws";
import { dropoutProgram } from "./programs/dropout";
import { productProgram, type Tile } from "./programs/product";
import { MOST_ARRAYS } from "./programs/program";
import type { ProgramRunner } from "./program-runner";

/** Device of {@link FusedProducts}. */
export interface ProductDevice {
  readonly runner: ProgramRunner;
  readonly ops: Ops;
  /** Products by tfjs's programs, which share blocks of the operands in workgroup memory. */
  readonly tfjs: Pick<Primitives, "matMul">;
  /**
   * Whether the adapter is software. tfjs's programs wait at barriers, which take such an adapter ten times as long as
   * the product itself. A GPU reads large operands faster through them.
   */
  readonly isSoftware: boolean;
}

/** Two operands [..., rows, inner] and [..., inner, columns], as they are after transposition. */
interface Pair extends MatMulOptions {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** Terms that follow the products; see {@link productProgram}. */
interface Finish {
  readonly scale?: number;
  readonly bias?: Tensor | undefined;
  readonly plus?: readonly Tensor[];
  readonly times?: Tensor | undefined;
  readonly dropout?: { readonly of: "a" | "b" | "y"; readonly drop: Drop } | undefined;
  readonly activation?: Activation | undefined;
  readonly derivative?: boolean;
}

/** The longest sums that a GPU computes without tfjs's programs: those of low ranks. */
const MOST_INNER = 16;

const MOST_PAIRS = 3;

/** Smallest result that is worth the larger tile: with it, fewer invocations read each operand. */
const LARGE = 2 ** 13;

/** Products with everything that follows them in one pass: sums, bias, activation, dropout. */
export class FusedProducts {
  readonly #device: ProductDevice;

  constructor(device: ProductDevice) {
    this.#device = device;
  }

  /** The operations of {@link Ops} that are products. */
  get operations(): Partial<Ops> {
    const { ops, isSoftware } = this.#device;
    return {
      matMul: (a, b, options) => this.#one([{ a, b, ...options }]),
      addN: (parts) => this.finish(parts[0].shape, { plus: parts }).y,
      products: (pairs, options) =>
        this.#one(
          pairs.map(({ x, w }) => pairOf(x, w)),
          options,
        ),
      affine: (x, w, bias, update) => this.#affine(x, w, { bias, update }),
      affineGelu: (x, w, bias, { activation = "gelu", derivative }) =>
        this.#sum([pairOf(x, w)], { bias, activation, derivative }),
      addLowRank: (y, { low, b }) => this.#one([{ a: low, b, transposeB: true }], { plus: [y] }),
      lower: (x, a, { scaling, drop }) => ({ low: this.#lower(x, a, { scaling, drop }), dropout: drop }),
      lowerGradient: (dLow, x, drop) =>
        isSoftware
          ? this.#one([{ a: dLow, b: x, transposeA: true }], { dropout: drop && { of: "b", drop } })
          : lowerGradient(ops, dLow, { x, dropout: drop }),
      lowerBackward: (dLow, a, drop) => this.#one([{ a: dLow, b: a }], { dropout: drop && { of: "y", drop } }),
    };
  }

  /** The terms alone, without products. */
  finish(shape: readonly number[], { plus = [], ...finish }: Finish): GeluResult {
    const most = MOST_ARRAYS - othersOf(finish);
    if (plus.length <= most) return this.#run(shape, [], { plus, ...finish });
    return this.#device.ops.tidy(() => {
      const sum = this.finish(shape, { plus: plus.slice(0, MOST_ARRAYS - 1) }).y;
      return this.finish(shape, { plus: [sum, ...plus.slice(MOST_ARRAYS - 1)], ...finish });
    });
  }

  #affine(
    x: Tensor,
    w: PackedMatrix,
    { bias, update }: { readonly bias: Tensor | undefined; readonly update: Update | undefined },
  ): Tensor {
    const low = update === undefined || "whole" in update ? [] : [{ a: update.low, b: update.b, transposeB: true }];
    const plus = update !== undefined && "whole" in update ? [update.whole] : [];
    return this.#one([pairOf(x, w), ...low], { bias, plus });
  }

  #lower(x: Tensor, a: Tensor, { scaling, drop }: LowerOptions): Tensor {
    const { runner, ops, isSoftware } = this.#device;
    if (isSoftware || drop === undefined)
      return this.#one([{ a: x, b: a, transposeB: true }], {
        scale: scaling,
        dropout: drop && { of: "a", drop },
      });
    return ops.tidy(() => {
      const dropped = runner.one(dropoutProgram({ mask: false }), x.shape, {
        inputs: [x],
        count: sizeOf(x.shape),
        uniforms: drawUniforms(drop, keptFactor(drop) * scaling),
      });
      return this.#one([{ a: dropped, b: a, transposeB: true }]);
    });
  }

  #one(pairs: readonly Pair[], finish: Finish = {}): Tensor {
    return this.#sum(pairs, finish).y;
  }

  /** The sum of products, in as few passes as the limits of a program allow. */
  #sum(pairs: readonly Pair[], finish: Finish): GeluResult {
    const { ops, tfjs } = this.#device;
    const shape = shapeOf(pairs[0]);
    return ops.tidy(() => {
      const { plus = [], scale = 1 } = finish;
      const terms = pairs.filter((pair) => innerOf(pair) > 0); // WebGPU binds no empty operands
      const other = terms.filter((pair) => this.#isOther(pair));
      let own = terms.filter((pair) => !other.includes(pair));
      const addends = [
        ...plus,
        ...other.map(({ a, b, ...options }) => this.#scaled(tfjs.matMul(a, b, options), scale)),
      ];
      if (own.length === 0 && addends.length === 1 && isPlain(finish)) return { y: addends[0] };
      const others = othersOf(finish);
      // A pass for as many products as it takes becomes an addend of the next.
      while (own.length > MOST_PAIRS || (own.length > 0 && others + 2 * own.length + addends.length > MOST_ARRAYS)) {
        const now = own.slice(0, MOST_PAIRS);
        own = own.slice(MOST_PAIRS);
        const fitting = addends.splice(0, MOST_ARRAYS - 1 - 2 * now.length);
        addends.push(this.#run(shape, now, { plus: fitting, scale }).y);
      }
      return own.length === 0
        ? this.finish(shape, { ...finish, plus: addends })
        : this.#run(shape, own, { ...finish, plus: addends });
    });
  }

  /** Whether tfjs computes a product. */
  #isOther(pair: Pair): boolean {
    return !this.#device.isSoftware && innerOf(pair) > MOST_INNER;
  }

  #scaled(x: Tensor, factor: number): Tensor {
    return factor === 1 ? x : this.#device.ops.scale(x, factor);
  }

  /** One pass. */
  #run(shape: readonly number[], pairs: readonly Pair[], finish: Finish): GeluResult {
    const { scale = 1, bias, plus = [], times, dropout, activation, derivative = false } = finish;
    const [rows, columns] = pairs.length === 0 ? [1, sizeOf(shape)] : shape.slice(-2);
    const width = bias === undefined || pairs.length > 0 ? columns : bias.shape[0];
    const [down, across] = width === 0 ? [0, 0] : [(rows * columns) / width, width];
    const batches = pairs.length === 0 ? 1 : sizeOf(shape.slice(0, -2));
    const tile = tileFor(batches * down * across, pairs.length);
    const program = productProgram({
      pairs: pairs.map(({ transposeA = false, transposeB = false }) => ({ transposeA, transposeB })),
      plus: plus.length,
      bias: bias !== undefined,
      times: times !== undefined,
      dropout: dropout?.of,
      activation,
      derivative,
      tile,
    });
    const [y, slope] = this.#device.runner.run(program, {
      outputs: derivative ? [shape, shape] : [shape],
      inputs: [...pairs.flatMap(({ a, b }) => [a, b]), ...[bias, ...plus, times].filter((term) => term !== undefined)],
      count: batches * Math.ceil(down / tile.rows) * Math.ceil(across / tile.columns),
      uniforms: [
        down,
        across,
        scale,
        ...pairs.map(innerOf),
        ...(dropout === undefined ? [] : drawUniforms(dropout.drop)),
      ],
    });
    return derivative ? { y, derivative: slope } : { y };
  }
}

function pairOf(x: Tensor, w: PackedMatrix): Pair {
  return { a: x, b: w.laid };
}

function innerOf({ a, transposeA = false }: Pair): number {
  return a.shape[a.shape.length - (transposeA ? 2 : 1)];
}

function shapeOf({ a, b, transposeA = false, transposeB = false }: Pair): number[] {
  const [rows, columns] = [
    a.shape[a.shape.length - (transposeA ? 1 : 2)],
    b.shape[b.shape.length - (transposeB ? 2 : 1)],
  ];
  return [...a.shape.slice(0, -2), rows, columns];
}

/** Number of a program's arrays besides operands and addends. */
function othersOf({ bias, times, derivative = false }: Finish): number {
  return (derivative ? 2 : 1) + [bias, times].filter((term) => term !== undefined).length;
}

function tileFor(size: number, pairs: number): Tile {
  if (pairs === 0) return { rows: 1, columns: 1 };
  return { rows: size < LARGE ? 4 : 8, columns: 4 };
}

/** Whether nothing follows the sum of products. */
function isPlain({ bias, times, dropout, activation }: Finish): boolean {
  return [bias, times, dropout, activation].every((term) => term === undefined);
}
