import type { AttentionLayout, LengthGroup, ResidualNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-config";
import type { Linear, LinearSaved } from "./linear";
import type { Norm } from "./norm";
import { selfAttention, selfAttentionBackward, type SelfAttentionSaved } from "./self-attention";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** The weights of one layer, under BERT's names for its parts. */
export interface LayerModules {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly attentionOutput: Linear;
  readonly attentionNorm: Norm;
  readonly intermediate: Linear;
  readonly output: Linear;
  readonly outputNorm: Norm;
}

/** The documents that a layer runs on, and whether it computes every token or only first tokens. */
export interface LayerPlan {
  readonly groups: readonly LengthGroup[];
  readonly span: AttentionLayout["span"];
  /** Rows of the documents' first tokens, int [documents]. */
  readonly firstRows: Tensor;
}

/** State that a layer keeps for its backward pass. The caller disposes of it. */
export interface LayerSaved {
  readonly rows: number;
  readonly attention: SelfAttentionSaved;
  readonly attentionOutput: LinearSaved;
  readonly attentionNorm: ResidualNormSaved;
  readonly intermediate: LinearSaved;
  readonly activation: ActivationSaved;
  readonly output: LinearSaved;
  readonly outputNorm: ResidualNormSaved;
}

type ActivationSaved =
  { readonly kind: "gelu"; readonly derivative: Tensor | undefined } | { readonly kind: "relu"; readonly y: Tensor };

/**
 * One post-norm transformer layer (Devlin et al., 2018). If only first tokens are needed after it, only attention reads
 * the other tokens; everything else is computed for first tokens alone.
 */
export class EncoderLayer {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: LayerModules,
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get hasTrainables(): boolean {
    return Object.values(this.modules as unknown as Record<string, Linear | Norm>).some(
      (module) => module.hasTrainables,
    );
  }

  /** Computes y [rows, width] from x [rows, width]; if only first tokens are needed, y is [documents, width]. */
  forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: LayerSaved } {
    const { ops } = pass;
    const m = this.modules;
    const { hiddenDropout, attentionDropout, numAttentionHeads, modelType } = this.#config;
    const source = dropoutOf(pass);
    return ops.tidy(() => {
      const residual = plan.span === "every-token" ? x : ops.gatherRows(x, plan.firstRows); // [queries, width]
      const layout = { heads: numAttentionHeads, groups: plan.groups, span: plan.span };
      const attention = selfAttention(pass, m, { x, queried: residual, layout, dropout: attentionDropout });
      const attentionOutput = m.attentionOutput.forward(pass, attention.y);
      // DistilBERT has no dropout here
      const attentionNorm = m.attentionNorm.forwardResidual(pass, attentionOutput.y, {
        residual,
        drop: modelType === "distilbert" ? undefined : source?.next(hiddenDropout),
      }); // [queries, width]

      const activated = this.#feed(pass, attentionNorm.y); // [queries, 4 width]
      const output = m.output.forward(pass, activated.y); // [queries, width]
      const outputNorm = m.outputNorm.forwardResidual(pass, output.y, {
        residual: attentionNorm.y,
        drop: source?.next(hiddenDropout),
      });
      const saved: LayerSaved = {
        rows: x.shape[0],
        attention: attention.saved,
        attentionOutput: attentionOutput.saved,
        attentionNorm: attentionNorm.saved,
        intermediate: activated.saved,
        activation: activated.activation,
        output: output.saved,
        outputNorm: outputNorm.saved,
      };
      return { y: outputNorm.y, saved };
    });
  }

  /** Computes dx [rows, width] from dy, which has y's shape. Returns undefined if dx is not requested. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LayerSaved; plan: LayerPlan; needsInput: boolean },
  ): Tensor | undefined {
    const { ops } = pass;
    const m = this.modules;
    const { saved, plan, needsInput } = from;
    const needsProjections = needsInput || [m.query, m.key, m.value].some((linear) => linear.hasTrainables);
    const needsAttention = needsProjections || m.attentionOutput.hasTrainables || m.attentionNorm.hasTrainables;
    return ops.tidy(() => {
      // [queries, width]
      const { dResidual: dSum2, dx: dFed } = m.outputNorm.backwardResidual(pass, dy, saved.outputNorm);
      const needsActivation = needsAttention || m.intermediate.hasTrainables;
      const dIntermediate = this.#feedBackward(pass, dFed, { saved, needsInput: needsActivation });
      if (dIntermediate === undefined) return undefined;
      const dMiddle = m.intermediate.backward(pass, dIntermediate, {
        saved: saved.intermediate,
        needsInput: needsAttention,
        onward: { plus: [dSum2] },
      });
      if (dMiddle === undefined) return undefined;

      const { dResidual: dSum1, dx: dMixed } = m.attentionNorm.backwardResidual(pass, dMiddle, saved.attentionNorm);
      const dContext = m.attentionOutput.backward(pass, dMixed, {
        saved: saved.attentionOutput,
        needsInput: needsProjections,
      });
      if (dContext === undefined) return undefined;
      const through = selfAttentionBackward(pass, dContext, {
        projections: m,
        saved: saved.attention,
        dResidual: dSum1,
        needsInput,
      });
      if (through?.dQueried === undefined) return through?.dx;
      return ops.add(through.dx, ops.scatterRows(through.dQueried, plan.firstRows, saved.rows));
    });
  }

  dispose(): void {
    for (const module of Object.values(this.modules as unknown as Record<string, Linear | Norm>)) module.dispose();
  }

  /** The first half of the feed-forward network: x [queries, width] to [queries, 4 width]. */
  #feed(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved; activation: ActivationSaved } {
    const { intermediate } = this.modules;
    if (this.#config.hiddenAct === "relu") {
      const { y: inner, saved } = intermediate.forward(pass, x);
      const y = pass.ops.relu(inner);
      return { y, saved, activation: { kind: "relu", y } };
    }
    const { y, derivative, saved } = intermediate.forwardGelu(pass, x);
    return { y, saved, activation: { kind: "gelu", derivative } };
  }

  /** Computes the gradient before the activation [queries, 4 width] from dy [queries, width] of the second half. */
  #feedBackward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput }: { saved: LayerSaved; needsInput: boolean },
  ): Tensor | undefined {
    const { activation, output } = saved;
    if (activation.kind === "gelu") {
      if (activation.derivative === undefined)
        throw new TypeError("A backward pass needs a forward pass made for training.");
      return this.modules.output.backward(pass, dy, {
        saved: output,
        needsInput,
        onward: { times: activation.derivative },
      });
    }
    const dActivated = this.modules.output.backward(pass, dy, { saved: output, needsInput });
    return dActivated && pass.ops.reluBackward(dActivated, activation.y);
  }
}
