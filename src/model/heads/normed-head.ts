import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig, HeadStructure } from "../encoder-structure";
import { activate, activateBackward } from "../parts/activation";
import { applyDropout, dropoutBackward } from "../parts/dropout";
import type { Linear } from "../parts/linear";
import type { Norm } from "../parts/norm";
import { dropoutOf, type BackwardPass, type ForwardPass } from "../parts/pass";
import type { Head, HeadSaved } from "./head";

/** ModernBERT's head: dense layer, activation, layer norm, dropout, classifier. */
export class NormedHead implements Head {
  readonly #config: EncoderConfig;
  readonly #structure: Extract<HeadStructure, { kind: "normed" }>;

  constructor(
    readonly modules: { readonly dense: Linear; readonly norm: Norm; readonly classifier: Linear },
    { config, structure }: { config: EncoderConfig; structure: Extract<HeadStructure, { kind: "normed" }> },
  ) {
    this.#config = config;
    this.#structure = structure;
  }

  get linears(): readonly Linear[] {
    return [this.modules.dense, this.modules.classifier];
  }

  get norms(): readonly Norm[] {
    return [this.modules.norm];
  }

  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: HeadSaved } {
    const { ops } = pass;
    const { dense, norm, classifier } = this.modules;
    return ops.tidy(() => {
      const hidden = dense.forward(pass, x);
      const keep = pass.kind === "training";
      const activated = activate(ops, hidden.y, { kind: this.#structure.activation, keep });
      const normed = norm.forward(pass, activated.y);
      const rate = this.#config.classifierDropout;
      const dropped = applyDropout(normed.y, { ops, source: dropoutOf(pass), rate });
      const logits = classifier.forward(pass, dropped.y);
      return {
        y: logits.y,
        saved: {
          dense: hidden.saved,
          activation: activated.saved,
          norm: normed.saved,
          dropout: dropped.saved,
          classifier: logits.saved,
        },
      };
    });
  }

  backward(pass: BackwardPass, dLogits: Tensor, from: { saved: HeadSaved; needsInput: boolean }): Tensor | undefined {
    const { ops } = pass;
    const { dense, norm, classifier } = this.modules;
    const { saved, needsInput } = from;
    const ofNorm = saved.norm;
    if (ofNorm === undefined) throw new TypeError("This state is another head's.");
    return ops.tidy(() => {
      const dDropped = classifier.backward(pass, dLogits, {
        saved: saved.classifier,
        needsInput: needsInput || dense.hasTrainables || norm.hasTrainables,
      });
      if (dDropped === undefined) return undefined;
      const dActivated = norm.backward(pass, dropoutBackward(dDropped, { ops, saved: saved.dropout }), ofNorm);
      const dHidden = activateBackward(ops, dActivated, saved.activation);
      return dense.backward(pass, dHidden, { saved: saved.dense, needsInput });
    });
  }

  dispose(): void {
    for (const module of [...this.linears, ...this.norms]) module.dispose();
  }
}
