import type { Drop, DropoutSaved, HeadsLayout, LayerNormSaved, ResidualNormSaved } from "./ops";
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
  abstract addBias(x: Tensor, bias: Tensor): Tensor;
  abstract softmax(x: Tensor): Tensor;
  abstract layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): { y: Tensor; saved: LayerNormSaved };
  abstract layerNormBackward(dy: Tensor, gamma: Tensor, saved: LayerNormSaved): Tensor;
  abstract keepMask(shape: readonly number[], rate: number, seed: readonly [number, number]): Tensor;
  abstract reshape(x: Tensor, shape: readonly number[]): Tensor;
  abstract transpose(x: Tensor, permutation: readonly number[]): Tensor;
  abstract sliceRows(x: Tensor, begin: number, count: number): Tensor;
  abstract concatRows(parts: readonly Tensor[]): Tensor;

  affine(x: Tensor, w: Tensor, bias: Tensor): Tensor {
    return this.tidy(() => this.addBias(this.matMul(x, w), bias));
  }

  addLowRank(y: Tensor, low: Tensor, b: Tensor): Tensor {
    return this.tidy(() => this.add(y, this.matMul(low, b, { transposeB: true })));
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

  splitHeads(parts: readonly { readonly x: Tensor; readonly scale: number }[], { row, documents, length, heads }: HeadsLayout): Tensor[] {
    return parts.map(({ x, scale }) =>
      this.tidy(() => {
        const rows = this.sliceRows(x, row, documents * length);
        const split = this.transpose(this.reshape(rows, [documents, length, heads, x.shape[1] / heads]), [0, 2, 1, 3]);
        return scale === 1 ? split : this.scale(split, scale);
      }),
    );
  }

  mergeHeads(parts: readonly Tensor[], scale: number): Tensor {
    return this.tidy(() => {
      const rows = parts.map((part) => {
        const [documents, heads, length, headDim] = part.shape;
        return this.reshape(this.transpose(part, [0, 2, 1, 3]), [documents * length, heads * headDim]);
      });
      const merged = rows.length === 1 ? rows[0] : this.concatRows(rows);
      return scale === 1 ? merged : this.scale(merged, scale);
    });
  }

  attentionWeights(scores: Tensor, drop: Drop | undefined): { weights: Tensor; kept: Tensor; dropout?: DropoutSaved } {
    return this.tidy(() => {
      const weights = this.softmax(scores);
      if (drop === undefined) return { weights, kept: weights };
      const mask = this.keepMask(weights.shape, drop.rate, drop.seed);
      return { weights, kept: this.mul(weights, mask), dropout: { ...drop, mask } };
    });
  }

  attentionWeightsBackward(dKept: Tensor, { weights, dropout, context, dContext }: { weights: Tensor; dropout: DropoutSaved | undefined; context: Tensor; dContext: Tensor }): { dScores: Tensor; kept: Tensor } {
    return this.tidy(() => {
      const rowSums = this.sum(this.mul(dContext, context), [context.shape.length - 1], { keepDims: true }); // [..., queries, 1]
      if (dropout?.mask === undefined) return { dScores: this.mul(this.sub(dKept, rowSums), weights), kept: weights };
      // (dP * D - rowsum) * P with D dropout's zeros and ones: dP * (P * D) - rowsum * P
      const kept = this.mul(weights, dropout.mask);
      return { dScores: this.sub(this.mul(dKept, kept), this.mul(weights, rowSums)), kept };
    });
  }
}
