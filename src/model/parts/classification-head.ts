import type { DropoutSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { applyDropout, dropoutBackward } from "./dropout";
import type { EncoderConfig } from "../encoder-config";
import type { Linear, LinearSaved } from "./linear";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** State that the head keeps for its backward pass. */
export interface HeadSaved {
  readonly inputDropout?: DropoutSaved;
  readonly dense: LinearSaved;
  readonly activated: Tensor;
  readonly dropout?: DropoutSaved;
  readonly classifier: LinearSaved;
}

/**
 * Computes logits from each first token: dense layer, activation, dropout, classifier. The dense layer is BERT's pooler
 * (tanh), DistilBERT's `pre_classifier` (ReLU) or RoBERTa's `classifier.dense` (tanh, with dropout before it too).
 */
export class ClassificationHead {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: { readonly dense: Linear; readonly classifier: Linear },
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  /** Computes logits [documents, labels] from first tokens [documents, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: HeadSaved } {
    const { ops } = pass;
    const { dense, classifier } = this.modules;
    return ops.tidy(() => {
      const { modelType, classifierDropout: rate } = this.#config;
      const input =
        modelType === "roberta" ? applyDropout(x, { ops, source: dropoutOf(pass), rate }) : { y: x, saved: undefined };
      const hidden = dense.forward(pass, input.y);
      const activated = modelType === "distilbert" ? ops.relu(hidden.y) : ops.tanh(hidden.y);
      const dropped = applyDropout(activated, { ops, source: dropoutOf(pass), rate });
      const logits = classifier.forward(pass, dropped.y);
      return {
        y: logits.y,
        saved: {
          inputDropout: input.saved,
          dense: hidden.saved,
          activated,
          dropout: dropped.saved,
          classifier: logits.saved,
        },
      };
    });
  }

  /** Computes the gradient of the first tokens from that of the logits. Returns undefined if it is not requested. */
  backward(pass: BackwardPass, dLogits: Tensor, from: { saved: HeadSaved; needsInput: boolean }): Tensor | undefined {
    const { ops } = pass;
    const { dense, classifier } = this.modules;
    const { saved, needsInput } = from;
    return ops.tidy(() => {
      const dDropped = classifier.backward(pass, dLogits, {
        saved: saved.classifier,
        needsInput: needsInput || dense.hasTrainables,
      });
      if (dDropped === undefined) return undefined;
      const dActivated = dropoutBackward(dDropped, { ops, saved: saved.dropout });
      const y = saved.activated;
      const dHidden =
        this.#config.modelType === "distilbert"
          ? ops.reluBackward(dActivated, y)
          : ops.mul(dActivated, ops.shift(ops.scale(ops.square(y), -1), 1)); // tanh' = 1 - y^2
      const dInput = dense.backward(pass, dHidden, { saved: saved.dense, needsInput });
      return dInput && dropoutBackward(dInput, { ops, saved: saved.inputDropout });
    });
  }

  dispose(): void {
    this.modules.dense.dispose();
    this.modules.classifier.dispose();
  }
}
