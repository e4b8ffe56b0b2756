import type { DropoutSaved, LayerNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import { rateOf, type EncoderConfig } from "../encoder-structure";
import { activate, activateBackward, type ActivationSaved } from "./activation";
import { applyDropout, dropoutBackward } from "./dropout";
import type { Linear, LinearSaved } from "./linear";
import type { Norm } from "./norm";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** State that a head keeps for its backward pass. */
export interface HeadSaved {
  readonly inputDropout?: DropoutSaved;
  readonly dense: LinearSaved;
  readonly activation: ActivationSaved;
  readonly norm?: LayerNormSaved;
  readonly dropout?: DropoutSaved;
  readonly classifier: LinearSaved;
}

/**
 * Computes logits from one vector for each document: dropout, dense layer, activation, norm, dropout, classifier. The
 * dense layer is BERT's pooler (tanh), DistilBERT's `pre_classifier` (ReLU) or RoBERTa's `classifier.dense` (tanh, with
 * dropout before it); only ModernBERT has the norm.
 */
export class ClassificationHead {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: { readonly dense: Linear; readonly norm?: Norm | undefined; readonly classifier: Linear },
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get linears(): readonly Linear[] {
    return [this.modules.dense, this.modules.classifier];
  }

  get norms(): readonly Norm[] {
    return this.modules.norm === undefined ? [] : [this.modules.norm];
  }

  /** Computes logits [documents, labels] from [documents, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: HeadSaved } {
    const { ops } = pass;
    const { dense, norm, classifier } = this.modules;
    const { activation: kind, inputDropout } = this.#config.structure.head;
    const source = dropoutOf(pass);
    return ops.tidy(() => {
      const rate = rateOf(this.#config, inputDropout);
      const input = applyDropout(x, { ops, source, rate });
      const hidden = dense.forward(pass, input.y);
      const activated = activate(ops, hidden.y, { kind, keep: pass.kind === "training" });
      const normed = norm?.forward(pass, activated.y);
      const dropped = applyDropout(normed?.y ?? activated.y, { ops, source, rate: this.#config.classifierDropout });
      const logits = classifier.forward(pass, dropped.y);
      return {
        y: logits.y,
        saved: {
          inputDropout: input.saved,
          dense: hidden.saved,
          activation: activated.saved,
          norm: normed?.saved,
          dropout: dropped.saved,
          classifier: logits.saved,
        },
      };
    });
  }

  /** Computes the gradient of its input from that of the logits. Returns undefined if it is not requested. */
  backward(pass: BackwardPass, dLogits: Tensor, from: { saved: HeadSaved; needsInput: boolean }): Tensor | undefined {
    const { ops } = pass;
    const { dense, norm, classifier } = this.modules;
    const { saved, needsInput } = from;
    return ops.tidy(() => {
      const dDropped = classifier.backward(pass, dLogits, {
        saved: saved.classifier,
        needsInput: needsInput || dense.hasTrainables || norm?.hasTrainables === true,
      });
      if (dDropped === undefined) return undefined;
      const dNormed = dropoutBackward(dDropped, { ops, saved: saved.dropout });
      const dActivated = norm === undefined ? dNormed : norm.backward(pass, dNormed, expectedNorm(saved));
      const dHidden = activateBackward(ops, dActivated, saved.activation);
      const dInput = dense.backward(pass, dHidden, { saved: saved.dense, needsInput });
      return dInput && dropoutBackward(dInput, { ops, saved: saved.inputDropout });
    });
  }
}

function expectedNorm({ norm }: HeadSaved): LayerNormSaved {
  if (norm === undefined) throw new TypeError("The saved state is of another head.");
  return norm;
}
