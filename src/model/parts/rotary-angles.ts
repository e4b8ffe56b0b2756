import { longestOf } from "../../ops/attention-reach";
import type { LengthGroup, Ops } from "../../ops/ops";
import { rotaryTables, type RotaryTables } from "../../ops/rotary-tables";
import type { Tensor } from "../../ops/tensor";

/** Angles are computed for this many positions at a time. */
const STEP = 512;

/** The angles of rotary positions for each base, computed up to the longest document so far. */
export class RotaryAngles {
  readonly #headDim: number;
  readonly #tables = new Map<number, RotaryTables>();

  constructor(headDim: number) {
    this.#headDim = headDim;
  }

  /** Cosine and sine, [positions, headDim / 2], for the positions of the longest document. */
  tensors(
    ops: Ops,
    { theta, groups }: { theta: number; groups: readonly LengthGroup[] },
  ): { cos: Tensor; sin: Tensor } {
    const positions = longestOf(groups);
    const half = this.#headDim / 2;
    let tables = this.#tables.get(theta);
    if (tables === undefined || tables.cos.length < positions * half) {
      tables = rotaryTables({ positions: Math.ceil(positions / STEP) * STEP, headDim: this.#headDim, theta });
      this.#tables.set(theta, tables);
    }
    const tensor = (values: Float32Array): Tensor => ops.float(values.slice(0, positions * half), [positions, half]);
    return { cos: tensor(tables.cos), sin: tensor(tables.sin) };
  }
}
