import { attentionBlocks, type AttentionBlock, type Padding } from "./attention-blocks";
import { blockDropout } from "./dropout-block";
import { joinedRows } from "./joined-rows";
import type {
  AttentionLayout,
  AttentionSaved,
  Drop,
  DropoutSaved,
  Factors,
  LayerNormSaved,
  LowRank,
  PackedMatrix,
  PoolInputs,
  PoolSaved,
  ProductOptions,
  ResidualNormSaved,
} from "./ops";
import type { Tensor } from "./tensor";

/** The larger operations, made of the smaller ones: for devices on which no kernel does them in one. */
export abstract class ComposedOps {
  #lastPlaced: Placed | undefined;

  abstract float(values: Float32Array, shape: readonly number[]): Tensor;
  abstract int(values: Int32Array, shape: readonly number[]): Tensor;
  abstract tidy<T>(body: () => T): T;
  abstract escape<T>(body: () => T): T;
  abstract disposeIn(container: object): void;
  abstract add(a: Tensor, b: Tensor): Tensor;
  abstract sub(a: Tensor, b: Tensor): Tensor;
  abstract mul(a: Tensor, b: Tensor): Tensor;
  abstract scale(x: Tensor, factor: number): Tensor;
  abstract sum(x: Tensor, axes: readonly number[], options?: { keepDims?: boolean }): Tensor;
  abstract matMul(a: Tensor, b: Tensor, options?: { transposeA?: boolean; transposeB?: boolean }): Tensor;
  abstract gelu(x: Tensor, options: { derivative: boolean }): { y: Tensor; derivative?: Tensor };
  abstract addBias(x: Tensor, bias: Tensor): Tensor;
  abstract softmax(x: Tensor): Tensor;
  abstract layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved };
  abstract layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor;
  abstract keepMask(shape: readonly number[], drop: Drop, kept?: number): Tensor;
  abstract reshape(x: Tensor, shape: readonly number[]): Tensor;
  abstract transpose(x: Tensor, permutation: readonly number[]): Tensor;
  abstract sliceRows(x: Tensor, begin: number, count: number): Tensor;
  abstract concatRows(parts: readonly Tensor[]): Tensor;
  abstract gatherRows(x: Tensor, indices: Tensor): Tensor;

  pack(w: Tensor, { transpose }: { transpose: boolean }): PackedMatrix {
    const [rows, columns] = w.shape;
    return transpose
      ? { laid: this.transpose(w, [1, 0]), shape: [columns, rows] }
      : { laid: this.reshape(w, w.shape), shape: [rows, columns] }; // the same numbers under a name of their own
  }

  unpack({ laid }: PackedMatrix, { transpose }: { transpose: boolean }): Tensor {
    return transpose ? this.transpose(laid, [1, 0]) : this.reshape(laid, laid.shape);
  }

  product(x: Tensor, w: PackedMatrix, options?: ProductOptions): Tensor {
    return this.products([{ x, w }], options);
  }

  products(pairs: readonly Factors[], { plus = [], times }: ProductOptions = {}): Tensor {
    return this.tidy(() => {
      const parts = [...pairs.map(({ x, w }) => this.matMul(x, w.laid)), ...plus];
      const sum = parts.length === 1 ? parts[0] : this.addN(parts);
      return times === undefined ? sum : this.mul(sum, times);
    });
  }

  affine(x: Tensor, w: PackedMatrix, bias: Tensor, update?: LowRank): Tensor {
    return this.tidy(() => {
      const y = this.addBias(this.matMul(x, w.laid), bias);
      return update === undefined ? y : this.addLowRank(y, update);
    });
  }

  affineGelu(
    x: Tensor,
    w: PackedMatrix,
    bias: Tensor,
    options: { derivative: boolean },
  ): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => this.gelu(this.affine(x, w, bias), options));
  }

  addLowRank(y: Tensor, { low, b }: LowRank): Tensor {
    return this.tidy(() => this.add(y, this.matMul(low, b, { transposeB: true })));
  }

  lower(
    x: Tensor,
    a: Tensor,
    { scaling, drop }: { scaling: number; drop: Drop | undefined },
  ): { low: Tensor; dropout?: DropoutSaved } {
    return this.tidy(() => {
      const dropped = drop && this.dropout(x, drop);
      return {
        low: this.scale(this.matMul(dropped?.y ?? x, a, { transposeB: true }), scaling),
        dropout: dropped?.saved,
      };
    });
  }

  lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor {
    return this.tidy(() =>
      this.matMul(dLow, dropout === undefined ? x : this.dropoutBackward(x, dropout), { transposeA: true }),
    );
  }

  lowerBackward(dLow: Tensor, a: Tensor, dropout: DropoutSaved | undefined): Tensor {
    return this.tidy(() => {
      const dDropped = this.matMul(dLow, a);
      return dropout === undefined ? dDropped : this.dropoutBackward(dDropped, dropout);
    });
  }

  addN(parts: readonly Tensor[]): Tensor {
    return this.tidy(() => parts.slice(1).reduce((sum, part) => this.add(sum, part), parts[0]));
  }

  residualNorm(
    x: Tensor,
    residual: Tensor,
    { gamma, beta, epsilon, drop }: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined },
  ): { y: Tensor; saved: ResidualNormSaved } {
    return this.tidy(() => {
      const dropped = drop && this.dropout(x, drop);
      const { y, saved } = this.layerNorm(this.add(dropped?.y ?? x, residual), gamma, beta, epsilon);
      return { y, saved: { ...saved, dropout: dropped?.saved } };
    });
  }

  residualNormBackward(dy: Tensor, gamma: Tensor, saved: ResidualNormSaved): { dResidual: Tensor; dx: Tensor } {
    const dResidual = this.layerNormBackward(dy, gamma, saved);
    return { dResidual, dx: saved.dropout === undefined ? dResidual : this.dropoutBackward(dResidual, saved.dropout) };
  }

  dropout(x: Tensor, drop: Drop): { y: Tensor; saved: DropoutSaved } {
    return this.tidy(() => {
      const mask = this.keepMask(x.shape, drop, factorOf(drop));
      return { y: this.mul(x, mask), saved: { ...drop, mask } };
    });
  }

  dropoutBackward(dy: Tensor, saved: DropoutSaved): Tensor {
    return saved.mask === undefined ? this.dropout(dy, saved).y : this.mul(dy, saved.mask);
  }

  attention(
    inputs: { q: Tensor; k: Tensor; v: Tensor },
    { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { y: Tensor; saved: AttentionSaved } {
    return this.tidy(() => {
      const { blocks, places } = this.#placed(layout);
      const parts = blocks.map((block, i) =>
        this.tidy(() => {
          const q = this.#splitHeads(inputs.q, queriesOf(block, layout), {
            heads: layout.heads,
            scale: scaleOf(inputs.q, layout),
          });
          const k = this.#splitHeads(inputs.k, block, { heads: layout.heads, scale: 1 });
          // so the weights need no factor
          const v = this.#splitHeads(inputs.v, block, { heads: layout.heads, scale: factorOf(drop) });
          // [documents, heads, queries, length]
          const weights = this.softmax(this.#hidePadding(this.matMul(q, k, { transposeB: true }), block));
          const dropout = drop && blockDropout(drop, i);
          const mark = dropout && this.mark(weights.shape, dropout);
          const context = this.matMul(this.#kept(weights, mark), v); // [documents, heads, queries, headDim]
          return { context, saved: { q, k, v, weights, mark, dropout, context } };
        }),
      );
      const y = this.#mergeHeads(
        parts.map(({ context }) => context),
        { scale: 1, places: layout.span === "every-token" ? places : undefined },
      );
      return { y, saved: { layout, parts: keep ? parts.map(({ saved }) => saved) : [] } };
    });
  }

  attentionBackward(
    dy: Tensor,
    { layout, parts }: AttentionSaved,
    { needsKey }: { needsKey: boolean },
  ): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
    return this.tidy(() => {
      const { blocks, places } = this.#placed(layout);
      const gradients = blocks.map((block, i) =>
        this.tidy(() => {
          const { q, k, v, weights, mark, context } = parts[i];
          const dContext = this.#withoutPadding(
            this.#splitHeads(dy, queriesOf(block, layout), { heads: layout.heads, scale: 1 }),
            block,
            layout,
          );
          const dScores = this.tidy(() => {
            // [documents, heads, queries, length]
            const dWeights = this.tidy(() => this.#kept(this.matMul(dContext, v, { transposeB: true }), mark));
            // [documents, heads, queries, 1]
            const rowSums = this.sum(this.mul(dContext, context), [3], { keepDims: true });
            return this.mul(this.sub(dWeights, rowSums), weights);
          });
          const dv = this.tidy(() => this.matMul(this.#kept(weights, mark), dContext, { transposeA: true }));
          return {
            dq: this.matMul(dScores, k),
            dk: needsKey ? this.matMul(dScores, q, { transposeA: true }) : undefined,
            dv,
          };
        }),
      );
      return {
        dq: this.#mergeHeads(
          gradients.map(({ dq }) => dq),
          { scale: scaleOf(dy, layout), places: layout.span === "every-token" ? places : undefined },
        ),
        dk: needsKey
          ? this.#mergeHeads(
              gradients.flatMap(({ dk }) => dk ?? []),
              { scale: 1, places },
            )
          : undefined,
        dv: this.#mergeHeads(
          gradients.map(({ dv }) => dv),
          { scale: factorOf(parts[0]?.dropout), places },
        ),
      };
    });
  }

  poolTokens(
    inputs: PoolInputs,
    { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean },
  ): { pooled: Tensor; sums: Tensor; update: Tensor | undefined; saved: PoolSaved } {
    const { x, u, key, value } = inputs;
    const { heads } = layout;
    return this.tidy(() => {
      const { blocks } = this.#placed(layout);
      const parts = blocks.map((block, i) =>
        this.tidy(() => {
          const tokens = this.#tokensOf(x, block); // [documents, length, width]
          // [documents, heads, length]
          const plain = this.matMul(this.sliceRows(u, block.document, block.documents), tokens, { transposeB: true });
          const scores =
            key === undefined
              ? plain
              : this.add(
                  plain,
                  this.reshape(
                    this.matMul(
                      this.#firstOf(key.q, block, heads),
                      this.#splitHeads(key.y, block, { heads, scale: 1 }),
                      { transposeB: true },
                    ),
                    plain.shape,
                  ),
                );
          const weights = this.softmax(this.#hidePadding(scores, block));
          const kept = drop && this.dropout(weights, blockDropout(drop, i)).y;
          const all = kept ?? weights;
          const update =
            value &&
            this.matMul(
              this.reshape(all, [block.documents, heads, 1, block.length]),
              this.#splitHeads(value, block, { heads, scale: 1 }),
            ); // [documents, heads, 1, headDim]
          return {
            pooled: this.matMul(all, tokens),
            sums: this.sum(all, [2], { keepDims: true }),
            update,
            saved: { weights, kept },
          };
        }),
      );
      return {
        pooled: joinedRows(
          parts.map(({ pooled }) => pooled),
          this,
        ),
        sums: joinedRows(
          parts.map(({ sums }) => sums),
          this,
        ),
        update:
          value &&
          this.#mergeHeads(
            parts.flatMap(({ update }) => update ?? []),
            { scale: 1 },
          ),
        saved: { layout, inputs, parts: keep ? parts.map(({ saved }) => saved) : [] },
      };
    });
  }

  poolTokensBackward(
    { dPooled, dSums, dUpdate }: { dPooled: Tensor; dSums: Tensor; dUpdate: Tensor },
    { layout, inputs, parts }: PoolSaved,
    { needsInput }: { needsInput: boolean },
  ): { du: Tensor; dx: Tensor | undefined; key: { dq: Tensor; dy: Tensor } | undefined; dValue: Tensor | undefined } {
    const { x, u, key, value } = inputs;
    const { heads } = layout;
    return this.tidy(() => {
      const { blocks, places } = this.#placed(layout);
      const gradients = blocks.map((block, i) =>
        this.tidy(() => {
          const { weights, kept = weights } = parts[i];
          const { document, documents, length } = block;
          const tokens = this.#tokensOf(x, block);
          const [dPool, ofQueries, throughSums] = [dPooled, u, dSums].map((all) =>
            this.sliceRows(all, document, documents),
          );
          const dOut = this.#firstOf(dUpdate, block, heads); // [documents, heads, 1, headDim]
          // [documents, heads, length]
          const throughTokens = this.add(this.matMul(dPool, tokens, { transposeB: true }), throughSums);
          const dKept =
            value === undefined
              ? throughTokens
              : this.add(
                  throughTokens,
                  this.reshape(
                    this.matMul(dOut, this.#splitHeads(value, block, { heads, scale: 1 }), { transposeB: true }),
                    throughTokens.shape,
                  ),
                );
          const dWeighted = this.mul(dKept, kept); // dropped elements contribute 0
          const dScores = this.sub(dWeighted, this.mul(weights, this.sum(dWeighted, [2], { keepDims: true })));
          const row = [documents, heads, 1, length];
          return {
            du: this.matMul(dScores, tokens),
            dx: needsInput
              ? this.reshape(
                  this.add(
                    this.matMul(dScores, ofQueries, { transposeA: true }),
                    this.matMul(kept, dPool, { transposeA: true }),
                  ),
                  [documents * length, x.shape[1]],
                )
              : undefined,
            dKey:
              key && this.matMul(this.reshape(dScores, row), this.#firstOf(key.q, block, heads), { transposeA: true }), // [documents, heads, length, headDim]
            // [documents, heads, 1, headDim]
            dq: key && this.matMul(this.reshape(dScores, row), this.#splitHeads(key.y, block, { heads, scale: 1 })),
            // [documents, heads, length, headDim]
            dValue: value && this.matMul(this.reshape(kept, row), dOut, { transposeA: true }),
          };
        }),
      );
      return {
        du: joinedRows(
          gradients.map(({ du }) => du),
          this,
        ),
        dx: needsInput
          ? this.#atPlaces(
              gradients.flatMap(({ dx }) => dx ?? []),
              places,
            )
          : undefined,
        key: key && {
          dq: this.#mergeHeads(
            gradients.flatMap(({ dq }) => dq ?? []),
            { scale: 1 },
          ),
          dy: this.#mergeHeads(
            gradients.flatMap(({ dKey }) => dKey ?? []),
            { scale: 1, places },
          ),
        },
        dValue:
          value &&
          this.#mergeHeads(
            gradients.flatMap(({ dValue }) => dValue ?? []),
            { scale: 1, places },
          ),
      };
    });
  }

  /** A draw of dropout as {@link marked} takes it. */
  protected mark(shape: readonly number[], drop: Drop): Tensor {
    return this.keepMask(shape, drop);
  }

  /** Keeps the elements of x that a draw keeps, unscaled; the others are 0. */
  protected marked(x: Tensor, mark: Tensor): Tensor {
    return this.mul(x, mark);
  }

  /** Number of tensors that are kept for the documents of the last attention; the ops own them. */
  protected get placing(): number {
    const { blocks = [], places } = this.#lastPlaced ?? {};
    return blocks.reduce((sum, { filling }) => sum + (filling === undefined ? 0 : 3), places === undefined ? 0 : 1);
  }

  /**
   * A layout's blocks with the tensors that they are read and written by. Those of the last documents are kept, so that
   * layers share them: to bring numbers to a GPU is to wait for all that it was told to do.
   */
  #placed({ heads, groups }: AttentionLayout): Placed {
    const last = this.#lastPlaced;
    if (last?.groups === groups && last.heads === heads) return last;
    const { blocks, places } = attentionBlocks({ heads, groups });
    if (last !== undefined) this.disposeIn([last.blocks.map(({ filling }) => filling), last.places]);
    this.#lastPlaced = this.escape(() => ({
      heads,
      groups,
      blocks: blocks.map((block) => ({ ...block, filling: block.padding && this.#filling(block, block.padding) })),
      places: places && this.int(Int32Array.from(places), [places.length]),
    }));
    return this.#lastPlaced;
  }

  #filling({ documents, length }: AttentionBlock, { rows, tokens }: Padding): Filling {
    return {
      rows: this.int(Int32Array.from(rows), [rows.length]),
      tokens: this.float(Float32Array.from(tokens), [documents, 1, length, 1]),
      hidden: this.float(
        tokens.map((token) => (token === 1 ? 0 : HIDDEN)),
        [documents, 1, 1, length],
      ),
    };
  }

  /**
   * Scores [documents, heads, queries, length] or [documents, heads, length] such that softmax gives nothing to what is
   * behind a document's end.
   */
  #hidePadding(scores: Tensor, { documents, length, filling }: PlacedBlock): Tensor {
    if (filling === undefined) return scores;
    return this.tidy(() =>
      this.add(
        scores,
        scores.shape.length === 4 ? filling.hidden : this.reshape(filling.hidden, [documents, 1, length]),
      ),
    );
  }

  /** A gradient for queries [documents, heads, queries, headDim] without what came to those behind a document's end. */
  #withoutPadding(dy: Tensor, { filling }: PlacedBlock, { span }: AttentionLayout): Tensor {
    return filling === undefined || span === "first-token" ? dy : this.mul(dy, filling.tokens);
  }

  /** A block's rows [documents * length, width] as [documents, length, width]. */
  #tokensOf(x: Tensor, block: Span): Tensor {
    const { documents, length } = block;
    return this.tidy(() => this.reshape(this.#rowsOf(x, block), [documents, length, x.shape[1]]));
  }

  /** A block's rows of one for each document [documents, width] as [documents, heads, 1, headDim]. */
  #firstOf(x: Tensor, { document, documents }: Pick<AttentionBlock, "document" | "documents">, heads: number): Tensor {
    return this.#splitHeads(x, { row: document, documents, length: 1 }, { heads, scale: 1 });
  }

  /** {@link marked}, or x itself where nothing is dropped. */
  #kept(x: Tensor, mark: Tensor | undefined): Tensor {
    return mark === undefined ? x : this.marked(x, mark);
  }

  #rowsOf(x: Tensor, { row, documents, length, filling }: Span): Tensor {
    return filling === undefined ? this.sliceRows(x, row, documents * length) : this.gatherRows(x, filling.rows);
  }

  /** Blocks' places one behind the other, of them those where a token is. */
  #atPlaces(parts: readonly Tensor[], places: Tensor | undefined): Tensor {
    return this.tidy(() =>
      places === undefined ? joinedRows(parts, this) : this.gatherRows(joinedRows(parts, this), places),
    );
  }

  /** A block's rows [documents * length, width] as [documents, heads, length, headDim], times `scale`. */
  #splitHeads(x: Tensor, block: Span, { heads, scale }: { heads: number; scale: number }): Tensor {
    const { documents, length } = block;
    return this.tidy(() => {
      const rows = this.reshape(this.#rowsOf(x, block), [documents, length, heads, x.shape[1] / heads]);
      const split = this.transpose(rows, [0, 2, 1, 3]);
      return scale === 1 ? split : this.scale(split, scale);
    });
  }

  /** The inverse: the blocks' rows, one behind the other, times `scale`; `places` where they are padded. */
  #mergeHeads(parts: readonly Tensor[], { scale, places }: { scale: number; places?: Tensor | undefined }): Tensor {
    return this.tidy(() => {
      const rows = parts.map((part) => {
        const [documents, heads, length, headDim] = part.shape;
        return this.reshape(this.transpose(part, [0, 2, 1, 3]), [documents * length, heads * headDim]);
      });
      const merged = this.#atPlaces(rows, places);
      return scale === 1 ? merged : this.scale(merged, scale);
    });
  }
}

/** Indices and mask of a padded block. */
interface Filling {
  /** For each place its row: [documents * length]. */
  readonly rows: Tensor;
  /** 1 where a token is, else 0: [documents, 1, length, 1]. */
  readonly tokens: Tensor;
  /** 0 where a token is, else {@link HIDDEN}: [documents, 1, 1, length]. */
  readonly hidden: Tensor;
}

type PlacedBlock = AttentionBlock & { readonly filling: Filling | undefined };

/** Blocks as tensors. */
interface Placed extends Pick<AttentionLayout, "heads" | "groups"> {
  readonly blocks: readonly PlacedBlock[];
  /** Where each row lies among the blocks' places; undefined where none is padded. */
  readonly places: Tensor | undefined;
}

/** Consecutive rows, or those of padded places. */
type Span = Pick<AttentionBlock, "row" | "documents" | "length"> & { readonly filling?: Filling | undefined };

/** Score of padding: its exponential is 0; it is finite, since WebGPU may lack infinities. */
const HIDDEN = -1e9;

/** 1 / sqrt(headDim). */
function scaleOf(q: Tensor, { heads }: AttentionLayout): number {
  return 1 / Math.sqrt(q.shape[1] / heads);
}

/** The factor of dropout for elements that it keeps. */
function factorOf(drop: Drop | undefined): number {
  return drop === undefined ? 1 : 1 / (1 - drop.rate);
}

/** With queries at first tokens alone, a block's queries are one row for each document. */
function queriesOf(block: PlacedBlock, { span }: AttentionLayout): Span {
  return span === "every-token" ? block : { row: block.document, documents: block.documents, length: 1 };
}
