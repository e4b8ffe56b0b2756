import { longestOf } from "../../ops/attention-reach";
import type { LayerNormSaved, LengthGroup } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { DisentangledStructure } from "../encoder-structure";
import type { Norm } from "./norm";
import type { Parameter, Substitutes } from "./parameter";
import type { BackwardPass, ForwardPass } from "./pass";
import { withoutSegments } from "./segments";

/** The embeddings of relative positions, as the layers of one pass read them. */
export interface RelativeRows {
  /** [positions, width] */
  readonly rows: Tensor;
  readonly norm: LayerNormSaved | undefined;
  /** The row of each distance j - i from -reach to reach. */
  readonly index: Int32Array;
}

/** The embeddings of relative positions in DeBERTa, which all layers share and project on their own. */
export class RelativePositions {
  readonly #structure: DisentangledStructure;
  #used: Parameter;

  /** @param modules - the table [2 span, width], and the norm of its rows if there is one */
  constructor(
    readonly modules: { readonly table: Parameter; readonly norm: Norm | undefined },
    structure: DisentangledStructure,
  ) {
    this.#structure = structure;
    this.#used = modules.table;
  }

  get norms(): readonly Norm[] {
    return this.modules.norm === undefined ? [] : [this.modules.norm];
  }

  get hasTrainables(): boolean {
    return this.#used.trainable || this.modules.norm?.hasTrainables === true;
  }

  /** Replaces the table, or restores the model's own. The norm is replaced apart. */
  use(substitutes?: Substitutes): void {
    this.#used = substitutes?.get(this.modules.table) ?? this.modules.table;
  }

  /** The embeddings, and the row of each distance in the longest document. */
  forward(pass: ForwardPass, groups: readonly LengthGroup[]): RelativeRows {
    const { value } = this.#used;
    const index = positionIndex(this.#structure, longestOf(groups) - 1);
    const { norm } = this.modules;
    // Without a norm, a tensor of its own: the pass disposes of it.
    if (norm === undefined) return { rows: pass.ops.reshape(value, value.shape), norm: undefined, index };
    const { y, saved } = norm.forward(withoutSegments(pass), value);
    return { rows: y, norm: saved, index };
  }

  /** Adds the gradients of the table and its norm from that of the rows [positions, width] in one layer. */
  addGradient(pass: BackwardPass, dRows: Tensor, { norm: saved }: RelativeRows): void {
    const { ops, gradients } = pass;
    const { norm } = this.modules;
    ops.tidy(() => {
      const dTable = norm === undefined || saved === undefined ? dRows : norm.backward(pass, dRows, saved);
      if (this.#used.trainable) gradients.add(this.#used, () => ops.reshape(dTable, dTable.shape));
    });
  }

  dispose(): void {
    this.modules.table.dispose();
    this.modules.norm?.dispose();
  }
}

/** The row of each distance j - i from -reach to reach: transformers' index of i - j, which its table is made for. */
export function positionIndex(structure: DisentangledStructure, reach: number): Int32Array {
  const { span } = structure;
  return Int32Array.from({ length: 2 * reach + 1 }, (_, column) =>
    Math.min(Math.max(relativePosition(reach - column, structure) + span, 0), 2 * span - 1),
  );
}

/**
 * transformers' position of a distance: the distance itself up to half of the buckets, then one bucket for ever more
 * distances, found in 32-bit floats.
 */
function relativePosition(distance: number, { buckets, maxDistance }: DisentangledStructure): number {
  if (buckets === undefined) return distance;
  const middle = Math.trunc(buckets / 2);
  const far = Math.abs(distance);
  if (far <= middle) return distance;
  const { fround, log } = Math;
  const range = fround(log(fround(fround(maxDistance - 1) / middle)));
  const steps = Math.ceil(fround(fround(fround(log(fround(far / middle))) / range) * (middle - 1)));
  return Math.sign(distance) * (steps + middle);
}
