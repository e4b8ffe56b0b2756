import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import { activate, activateBackward, derivativeOf, type ActivationSaved } from "./activation";
import type { Linear, LinearSaved } from "./linear";
import type { BackwardPass, ForwardPass } from "./pass";

/** State that a feed-forward block keeps for its backward pass. */
export interface FeedForwardSaved {
  readonly intermediate: LinearSaved;
  readonly activation: ActivationSaved;
  readonly output: LinearSaved;
}

/** A feed-forward block: linear layer, activation, linear layer. */
export class FeedForward {
  readonly #config: EncoderConfig;

  constructor(
    readonly modules: { readonly intermediate: Linear; readonly output: Linear },
    config: EncoderConfig,
  ) {
    this.#config = config;
  }

  get linears(): readonly Linear[] {
    return [this.modules.intermediate, this.modules.output];
  }

  /** Computes [rows, width] from [rows, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: FeedForwardSaved } {
    const { output } = this.modules;
    return pass.ops.tidy(() => {
      const activated = this.#activated(pass, x); // [rows, inner]
      const { y, saved } = output.forward(pass, activated.y);
      return { y, saved: { intermediate: activated.saved, activation: activated.activation, output: saved } };
    });
  }

  /** Computes the gradient of the input, plus the tensors `plus`. Returns undefined if it is not requested. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput, plus }: { saved: FeedForwardSaved; needsInput: boolean; plus: readonly Tensor[] },
  ): Tensor | undefined {
    const { intermediate } = this.modules;
    const dInner = this.#innerGradient(pass, dy, { saved, needed: needsInput || intermediate.hasTrainables });
    return dInner && intermediate.backward(pass, dInner, { saved: saved.intermediate, needsInput, onward: { plus } });
  }

  #activated(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved; activation: ActivationSaved } {
    const { intermediate } = this.modules;
    const { hiddenAct: kind } = this.#config;
    if (kind === "gelu") {
      const { y, derivative, saved } = intermediate.forwardGelu(pass, x);
      return { y, saved, activation: { kind: "factor", derivative } };
    }
    const inner = intermediate.forward(pass, x);
    const { y, saved: activation } = activate(pass.ops, inner.y, { kind, keep: pass.kind === "training" });
    return { y, saved: inner.saved, activation };
  }

  /** Computes the gradient before the activation [rows, inner] from dy [rows, width]. */
  #innerGradient(
    pass: BackwardPass,
    dy: Tensor,
    { saved: { activation, output: saved }, needed: needsInput }: { saved: FeedForwardSaved; needed: boolean },
  ): Tensor | undefined {
    const { output } = this.modules;
    if (activation.kind === "factor")
      return output.backward(pass, dy, { saved, needsInput, onward: { times: derivativeOf(activation) } });
    const dActivated = output.backward(pass, dy, { saved, needsInput });
    return dActivated && activateBackward(pass.ops, dActivated, activation);
  }
}
