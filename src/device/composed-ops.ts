import { dropOfGroup } from "./drop-of-group";
import type { AttentionLayout, AttentionSaved, Drop, DropoutSaved, Factors, LayerNormSaved, LengthGroup, LowRank, PackedMatrix, PoolInputs, PoolSaved, ProductOptions, ResidualNormSaved } from "./ops";
import type { Tensor } from "./tensor";

/** The larger operations, made of the smaller ones: for devices on which no kernel does them in one. */
export abstract class ComposedOps {
  abstract tidy<T>(body: () => T): T;
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
  abstract keepMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Tensor;
  abstract reshape(x: Tensor, shape: readonly number[]): Tensor;
  abstract transpose(x: Tensor, permutation: readonly number[]): Tensor;
  abstract sliceRows(x: Tensor, begin: number, count: number): Tensor;
  abstract concatRows(parts: readonly Tensor[]): Tensor;

  pack(w: Tensor, { transpose }: { transpose: boolean }): PackedMatrix {
    const [rows, columns] = w.shape;
    return transpose ? { laid: this.transpose(w, [1, 0]), shape: [columns, rows] } : { laid: this.reshape(w, w.shape), shape: [rows, columns] }; // the same numbers under a name of their own
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

  affineGelu(x: Tensor, w: PackedMatrix, bias: Tensor, options: { derivative: boolean }): { y: Tensor; derivative?: Tensor } {
    return this.tidy(() => this.gelu(this.affine(x, w, bias), options));
  }

  addLowRank(y: Tensor, { low, b }: LowRank): Tensor {
    return this.tidy(() => this.add(y, this.matMul(low, b, { transposeB: true })));
  }

  lower(x: Tensor, a: Tensor, { scaling, drop }: { scaling: number; drop: Drop | undefined }): { low: Tensor; dropout?: DropoutSaved } {
    return this.tidy(() => {
      const dropped = drop && this.dropout(x, drop);
      return { low: this.scale(this.matMul(dropped?.y ?? x, a, { transposeB: true }), scaling), dropout: dropped?.saved };
    });
  }

  lowerGradient(dLow: Tensor, x: Tensor, dropout: DropoutSaved | undefined): Tensor {
    return this.tidy(() => this.matMul(dLow, dropout === undefined ? x : this.dropoutBackward(x, dropout), { transposeA: true }));
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

  residualNorm(x: Tensor, residual: Tensor, { gamma, beta, epsilon, drop }: { gamma: Tensor; beta: Tensor; epsilon: number; drop: Drop | undefined }): { y: Tensor; saved: ResidualNormSaved } {
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
      const mask = this.scale(this.keepMask(x.shape, drop.rate, drop.seed), 1 / (1 - drop.rate));
      return { y: this.mul(x, mask), saved: { ...drop, mask } };
    });
  }

  dropoutBackward(dy: Tensor, saved: DropoutSaved): Tensor {
    return saved.mask === undefined ? this.dropout(dy, saved).y : this.mul(dy, saved.mask);
  }

  attention(inputs: { q: Tensor; k: Tensor; v: Tensor }, { layout, drop }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean }): { y: Tensor; saved: AttentionSaved } {
    return this.tidy(() => {
      const parts = layout.groups.map((group, i) =>
        this.tidy(() => {
          const q = this.#splitHeads(inputs.q, queriesOf(group, layout), { heads: layout.heads, scale: scaleOf(inputs.q, layout) });
          const k = this.#splitHeads(inputs.k, group, { heads: layout.heads, scale: 1 });
          const v = this.#splitHeads(inputs.v, group, { heads: layout.heads, scale: factorOf(drop) }); // so the weights need no factor
          const weights = this.softmax(this.matMul(q, k, { transposeB: true })); // [documents, heads, queries, length]
          const drawn = drop && dropOfGroup(drop, i);
          const dropout = drawn && { ...drawn, mask: this.keepMask(weights.shape, drawn.rate, drawn.seed) };
          const kept = dropout === undefined ? weights : this.mul(weights, dropout.mask);
          return { q, k, v, weights, dropout, context: this.matMul(kept, v) }; // context [documents, heads, queries, headDim]
        }),
      );
      return { y: this.#mergeHeads(parts.map(({ context }) => context), 1), saved: { layout, parts } };
    });
  }

  attentionBackward(dy: Tensor, { layout, parts }: AttentionSaved, { needsKey }: { needsKey: boolean }): { dq: Tensor; dk: Tensor | undefined; dv: Tensor } {
    return this.tidy(() => {
      const gradients = layout.groups.map((group, i) =>
        this.tidy(() => {
          const { q, k, v, weights, context, dropout } = parts[i];
          const dContext = this.#splitHeads(dy, queriesOf(group, layout), { heads: layout.heads, scale: 1 });
          const dKept = this.matMul(dContext, v, { transposeB: true }); // [documents, heads, queries, length]
          const rowSums = this.sum(this.mul(dContext, context), [3], { keepDims: true }); // [documents, heads, queries, 1]
          // (dP * D - rowsum) * P with D dropout's zeros and ones: dP * (P * D) - rowsum * P
          const kept = dropout?.mask === undefined ? weights : this.mul(weights, dropout.mask);
          const dScores = kept === weights ? this.mul(this.sub(dKept, rowSums), weights) : this.sub(this.mul(dKept, kept), this.mul(weights, rowSums));
          return { dq: this.matMul(dScores, k), dk: needsKey ? this.matMul(dScores, q, { transposeA: true }) : undefined, dv: this.matMul(kept, dContext, { transposeA: true }) };
        }),
      );
      return {
        dq: this.#mergeHeads(gradients.map(({ dq }) => dq), scaleOf(dy, layout)),
        dk: needsKey ? this.#mergeHeads(gradients.flatMap(({ dk }) => dk ?? []), 1) : undefined,
        dv: this.#mergeHeads(gradients.map(({ dv }) => dv), factorOf(parts[0]?.dropout)),
      };
    });
  }

  poolTokens(inputs: PoolInputs, { layout, drop, keep }: { layout: AttentionLayout; drop: Drop | undefined; keep: boolean }): { pooled: Tensor; sums: Tensor; update: Tensor | undefined; saved: PoolSaved } {
    const { x, u, key, value } = inputs;
    const { heads } = layout;
    return this.tidy(() => {
      const parts = layout.groups.map((group, i) =>
        this.tidy(() => {
          const tokens = this.#tokensOf(x, group); // [documents, length, width]
          const plain = this.matMul(this.sliceRows(u, group.document, group.documents), tokens, { transposeB: true }); // [documents, heads, length]
          const scores = key === undefined ? plain : this.add(plain, this.reshape(this.matMul(this.#firstOf(key.q, group, heads), this.#splitHeads(key.y, group, { heads, scale: 1 }), { transposeB: true }), plain.shape));
          const weights = this.softmax(scores);
          const dropped = drop && this.dropout(weights, dropOfGroup(drop, i));
          const kept = dropped?.y ?? weights;
          const update = value && this.matMul(this.reshape(kept, [group.documents, heads, 1, group.length]), this.#splitHeads(value, group, { heads, scale: 1 })); // [documents, heads, 1, headDim]
          return { pooled: this.matMul(kept, tokens), sums: this.sum(kept, [2], { keepDims: true }), update, saved: { weights, kept, dropout: dropped?.saved } };
        }),
      );
      return {
        pooled: this.#joined(parts.map(({ pooled }) => pooled)),
        sums: this.#joined(parts.map(({ sums }) => sums)),
        update: value && this.#mergeHeads(parts.flatMap(({ update }) => update ?? []), 1),
        saved: { layout, inputs, parts: keep ? parts.map(({ saved }) => saved) : [] },
      };
    });
  }

  poolTokensBackward({ dPooled, dSums, dUpdate }: { dPooled: Tensor; dSums: Tensor; dUpdate: Tensor }, { layout, inputs, parts }: PoolSaved, { needsInput }: { needsInput: boolean }): { du: Tensor; dx: Tensor | undefined; key: { dq: Tensor; dy: Tensor } | undefined; dValue: Tensor | undefined } {
    const { x, u, key, value } = inputs;
    const { heads } = layout;
    return this.tidy(() => {
      const gradients = layout.groups.map((group, i) =>
        this.tidy(() => {
          const { weights, kept = weights, dropout } = parts[i];
          const { document, documents, length } = group;
          const tokens = this.#tokensOf(x, group);
          const [dPool, ofQueries, throughSums] = [dPooled, u, dSums].map((all) => this.sliceRows(all, document, documents));
          const dOut = this.#firstOf(dUpdate, group, heads); // [documents, heads, 1, headDim]
          const throughTokens = this.add(this.matMul(dPool, tokens, { transposeB: true }), throughSums); // [documents, heads, length]
          const dKept = value === undefined ? throughTokens : this.add(throughTokens, this.reshape(this.matMul(dOut, this.#splitHeads(value, group, { heads, scale: 1 }), { transposeB: true }), throughTokens.shape));
          const dWeights = dropout === undefined ? dKept : this.dropoutBackward(dKept, dropout);
          const dScores = this.mul(this.sub(dWeights, this.sum(this.mul(dWeights, weights), [2], { keepDims: true })), weights);
          const row = [documents, heads, 1, length];
          return {
            du: this.matMul(dScores, tokens),
            dx: needsInput ? this.reshape(this.add(this.matMul(dScores, ofQueries, { transposeA: true }), this.matMul(kept, dPool, { transposeA: true })), [documents * length, x.shape[1]]) : undefined,
            dKey: key && this.matMul(this.reshape(dScores, row), this.#firstOf(key.q, group, heads), { transposeA: true }), // [documents, heads, length, headDim]
            dq: key && this.matMul(this.reshape(dScores, row), this.#splitHeads(key.y, group, { heads, scale: 1 })), // [documents, heads, 1, headDim]
            dValue: value && this.matMul(this.reshape(kept, row), dOut, { transposeA: true }), // [documents, heads, length, headDim]
          };
        }),
      );
      return {
        du: this.#joined(gradients.map(({ du }) => du)),
        dx: needsInput ? this.#joined(gradients.flatMap(({ dx }) => dx ?? [])) : undefined,
        key: key && { dq: this.#mergeHeads(gradients.flatMap(({ dq }) => dq ?? []), 1), dy: this.#mergeHeads(gradients.flatMap(({ dKey }) => dKey ?? []), 1) },
        dValue: value && this.#mergeHeads(gradients.flatMap(({ dValue }) => dValue ?? []), 1),
      };
    });
  }

  /** A group's rows [documents * length, width] as [documents, length, width]. */
  #tokensOf(x: Tensor, { row, documents, length }: LengthGroup): Tensor {
    return this.tidy(() => this.reshape(this.sliceRows(x, row, documents * length), [documents, length, x.shape[1]]));
  }

  /** A group's rows of one for each document [documents, width] as [documents, heads, 1, headDim]. */
  #firstOf(x: Tensor, { document, documents }: LengthGroup, heads: number): Tensor {
    return this.#splitHeads(x, { row: document, documents, length: 1 }, { heads, scale: 1 });
  }

  #joined(parts: readonly Tensor[]): Tensor {
    return parts.length === 1 ? parts[0] : this.concatRows(parts);
  }

  /** A group's rows [documents * length, width] as [documents, heads, length, headDim], times `scale`. */
  #splitHeads(x: Tensor, { row, documents, length }: Pick<LengthGroup, "row" | "documents" | "length">, { heads, scale }: { heads: number; scale: number }): Tensor {
    return this.tidy(() => {
      const rows = this.reshape(this.sliceRows(x, row, documents * length), [documents, length, heads, x.shape[1] / heads]);
      const split = this.transpose(rows, [0, 2, 1, 3]);
      return scale === 1 ? split : this.scale(split, scale);
    });
  }

  /** The inverse: the groups' rows, one behind the other, times `scale`. */
  #mergeHeads(parts: readonly Tensor[], scale: number): Tensor {
    return this.tidy(() => {
      const rows = parts.map((part) => {
        const [documents, heads, length, headDim] = part.shape;
        return this.reshape(this.transpose(part, [0, 2, 1, 3]), [documents * length, heads * headDim]);
      });
      const merged = this.#joined(rows);
      return scale === 1 ? merged : this.scale(merged, scale);
    });
  }
}

/** 1 / sqrt(headDim). */
function scaleOf(q: Tensor, { heads }: AttentionLayout): number {
  return 1 / Math.sqrt(q.shape[1] / heads);
}

/** What dropout multiplies by what it keeps. */
function factorOf(drop: Drop | undefined): number {
  return drop === undefined ? 1 : 1 / (1 - drop.rate);
}

/** With queries at first tokens alone, a group's queries are one row for each document. */
function queriesOf(group: LengthGroup, { span }: AttentionLayout): Pick<LengthGroup, "row" | "documents" | "length"> {
  return span === "every-token" ? group : { row: group.document, documents: group.documents, length: 1 };
}
