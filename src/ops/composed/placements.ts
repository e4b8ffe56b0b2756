import { attentionBlocks, type AttentionBlock, type Padding } from "../attention-blocks";
import type { AttentionLayout, Ops, Primitives } from "../ops";
import type { Tensor } from "../tensor";

/** Score of padding: its exponential is 0; it is finite, since WebGPU may lack infinities. */
export const HIDDEN = -1e9;

/** Indices and masks of a padded block. */
export interface Filling {
  /** Row at each place: [documents * length]. */
  readonly rows: Tensor;
  /** 1 for a token, 0 for padding: [documents, 1, length, 1]. */
  readonly tokens: Tensor;
  /** 0 for a token, {@link HIDDEN} for padding: [documents, 1, 1, length]. */
  readonly hidden: Tensor;
}

/** A block and, if it is padded, its indices and masks. */
export type PlacedBlock = AttentionBlock & { readonly filling: Filling | undefined };

/** A layout's blocks as tensors. */
export interface Placed extends Pick<AttentionLayout, "heads" | "groups"> {
  readonly blocks: readonly PlacedBlock[];
  /** Place of each row among all blocks' places; undefined if no block is padded. */
  readonly places: Tensor | undefined;
}

/** The inputs of composed attention. */
export interface Composition {
  readonly ops: Ops;
  readonly placements: Placements;
}

/**
 * The blocks of a layout, with the indices and masks for their rows. Keeps those of the last layout, which all layers
 * of a pass share: each upload to a GPU waits for all work before it.
 */
export class Placements {
  #last: Placed | undefined;
  readonly #primitives: Pick<Primitives, "float" | "int" | "escape" | "disposeIn">;

  constructor(primitives: Pick<Primitives, "float" | "int" | "escape" | "disposeIn">) {
    this.#primitives = primitives;
  }

  /** Number of tensors that are kept. */
  get kept(): number {
    const { blocks = [], places } = this.#last ?? {};
    return blocks.reduce((sum, { filling }) => sum + (filling === undefined ? 0 : 3), places === undefined ? 0 : 1);
  }

  place({ heads, groups }: AttentionLayout): Placed {
    const last = this.#last;
    if (last?.groups === groups && last.heads === heads) return last;
    const { blocks, places } = attentionBlocks({ heads, groups });
    if (last !== undefined) this.#primitives.disposeIn([last.blocks.map(({ filling }) => filling), last.places]);
    this.#last = this.#primitives.escape(() => ({
      heads,
      groups,
      blocks: blocks.map((block) => ({ ...block, filling: block.padding && this.#fill(block, block.padding) })),
      places: places && this.#primitives.int(Int32Array.from(places), [places.length]),
    }));
    return this.#last;
  }

  #fill({ documents, length }: AttentionBlock, { rows, tokens }: Padding): Filling {
    const { float, int } = this.#primitives;
    return {
      rows: int(Int32Array.from(rows), [rows.length]),
      tokens: float(Float32Array.from(tokens), [documents, 1, length, 1]),
      hidden: float(
        tokens.map((token) => (token === 1 ? 0 : HIDDEN)),
        [documents, 1, 1, length],
      ),
    };
  }
}
