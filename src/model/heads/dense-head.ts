import type { Tensor } from "../../ops/tensor";
import { rateOf, type EncoderConfig, type HeadStructure } from "../encoder-structure";
import { activate, activateBackward } from "../parts/activation";
import { applyDropout, dropoutBackward } from "../parts/dropout";
import type { Linear } from "../parts/linear";
import type { Norm } from "../parts/norm";
import { dropoutOf, type BackwardPass, type ForwardPass } from "../parts/pass";
import type { Head, HeadSaved } from "./head";

/**
 * Computes logits from each first token: dropout, dense layer, activation, dropout, classifier. The dense layer is
 * BERT's pooler (tanh), DistilBERT's `pre_classifier` (ReLU) or RoBERTa's `classifier.dense` (tanh, with dropout before
 * it).
 */
export class DenseHead implements Head {
  readonly #config: EncoderConfig;
  readonly #structure: Extract<HeadStructure, { kind: "dense" }>;

  constructor(
    readonly modules: { readonly dense: Linear; readonly classifier: Linear },
    { config, structure }: { config: EncoderConfig; structure: Extract<HeadStructure, { kind: "dense" }> },
  ) {
    this.#config = config;
    this.#structure = structure;
  }

  get linears(): readonly Linear[] {
    return [this.modules.dense, this.modules.classifier];
  }

  get norms(): readonly Norm[] {
    return [];
  }

  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: HeadSaved } {
    const { ops } = pass;
    const { dense, classifier } = this.modules;
    const { activation: kind, inputDropout } = this.#structure;
    const source = dropoutOf(pass);
    return ops.tidy(() => {
      const rate = rateOf(this.#config, inputDropout);
      const input = applyDropout(x, { ops, source, rate });
      const hidden = dense.forward(pass, input.y);
      const activated = activate(ops, hidden.y, { kind, keep: pass.kind === "training" });
      const dropped = applyDropout(activated.y, { ops, source, rate: this.#config.classifierDropout });
      const logits = classifier.forward(pass, dropped.y);
      return {
        y: logits.y,
        saved: {
          inputDropout: input.saved,
          dense: hidden.saved,
          activation: activated.saved,
          dropout: dropped.saved,
          classifier: logits.saved,
        },
      };
    });
  }

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
      const dHidden = activateBackward(ops, dActivated, saved.activation);
      const dInput = dense.backward(pass, dHidden, { saved: saved.dense, needsInput });
      return dInput && dropoutBackward(dInput, { ops, saved: saved.inputDropout });
    });
  }

  dispose(): void {
    this.modules.dense.dispose();
    this.modules.classifier.dispose();
  }
}
