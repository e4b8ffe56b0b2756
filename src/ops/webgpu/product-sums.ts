import type { Ops } from "../ops";
import type { GeluResult, Primitives } from "../primitives";
import { sizeOf, type Tensor } from "../tensor";
import { expectFitting, fixedArrays, innerOf, isPlain, shapeOf, type Finish, type Pair } from "./product-operands";
import { drawUniforms } from "./programs/draws";
import { productProgram, type Tile } from "./programs/product";
import { MOST_ARRAYS } from "./programs/program";
import type { ProgramRunner } from "./program-runner";

/** Device of {@link ProductSums}. */
export interface ProductDevice {
  readonly runner: ProgramRunner;
  readonly ops: Ops;
  /** Products by tfjs's programs, which share blocks of the operands in workgroup memory. */
  readonly tfjs: Pick<Primitives, "matMul">;
  /**
   * Whether the adapter is software. Barriers in tfjs's programs take a software adapter ten times as long as the
   * product. On a GPU these programs are the faster ones for large operands.
   */
  readonly isSoftware: boolean;
}

/** Longest inner dimension that our program multiplies on a GPU; beyond it tfjs does. Low ranks are below it. */
const MOST_INNER = 16;

const MOST_PAIRS = 3;

/** Results of at least this size use the larger tile, which reads each operand fewer times. */
const LARGE = 2 ** 13;

/** Sums of products with everything that follows them, in as few passes as the limits of a program allow. */
export class ProductSums {
  readonly #device: ProductDevice;

  constructor(device: ProductDevice) {
    this.#device = device;
  }

  /** {@link finishedSum} without a derivative. */
  tensor(pairs: readonly Pair[], finish: Finish = {}): Tensor {
    return this.finishedSum(pairs, finish).y;
  }

  /** The sum of products with what follows it: always new tensors. */
  finishedSum(pairs: readonly Pair[], finish: Finish): GeluResult {
    const { ops, tfjs } = this.#device;
    const shape = shapeOf(pairs);
    expectFitting(shape, finish);
    return ops.tidy(() => {
      const { plus = [], scale = 1 } = finish;
      const terms = pairs.filter((pair) => innerOf(pair) > 0); // WebGPU binds no empty operands
      const byTfjs = terms
        .filter((pair) => this.#isTfjs(pair))
        .map(({ a, b, ...options }) => this.#scaled(tfjs.matMul(a, b, options), scale));
      let ours = terms.filter((pair) => !this.#isTfjs(pair));
      if (ours.length === 0 && byTfjs.length === 1 && plus.length === 0 && isPlain(finish)) return { y: byTfjs[0] };
      const addends = [...plus, ...byTfjs];
      const fixed = fixedArrays(finish);
      // A pass for as many products as it takes becomes an addend of the next.
      while (ours.length > MOST_PAIRS || (ours.length > 0 && fixed + 2 * ours.length + addends.length > MOST_ARRAYS)) {
        const now = ours.slice(0, MOST_PAIRS);
        ours = ours.slice(MOST_PAIRS);
        const fitting = addends.splice(0, MOST_ARRAYS - 1 - 2 * now.length);
        addends.push(this.#pass(shape, now, { plus: fitting, scale }).y);
      }
      return ours.length === 0
        ? this.finish(shape, { ...finish, plus: addends })
        : this.#pass(shape, ours, { ...finish, plus: addends });
    });
  }

  /** Adds the terms and applies what follows, without products. */
  finish(shape: readonly number[], { plus = [], ...finish }: Finish): GeluResult {
    expectFitting(shape, { plus, ...finish });
    if (plus.length <= MOST_ARRAYS - fixedArrays(finish)) return this.#pass(shape, [], { plus, ...finish });
    return this.#device.ops.tidy(() => {
      const sum = this.finish(shape, { plus: plus.slice(0, MOST_ARRAYS - 1) }).y;
      return this.finish(shape, { plus: [sum, ...plus.slice(MOST_ARRAYS - 1)], ...finish });
    });
  }

  /** Whether tfjs computes a product. */
  #isTfjs(pair: Pair): boolean {
    return !this.#device.isSoftware && innerOf(pair) > MOST_INNER;
  }

  #scaled(x: Tensor, factor: number): Tensor {
    return factor === 1 ? x : this.#device.ops.scale(x, factor);
  }

  #pass(shape: readonly number[], pairs: readonly Pair[], finish: Finish): GeluResult {
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

function tileFor(size: number, pairs: number): Tile {
  if (pairs === 0) return { rows: 1, columns: 1 };
  return { rows: size < LARGE ? 4 : 8, columns: 4 };
}
