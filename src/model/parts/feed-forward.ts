import type { DropoutSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { EncoderConfig } from "../encoder-structure";
import { activate, activateBackward, derivativeOf, type ActivationSaved } from "./activation";
import type { Linear, LinearSaved } from "./linear";
import type { BackwardPass, ForwardPass } from "./pass";

/** State that {@link Mlp} keeps for its backward pass. */
export interface MlpSaved {
  readonly kind: "mlp";
  readonly intermediate: LinearSaved;
  readonly activation: ActivationSaved;
  readonly output: LinearSaved;
}

/** State that a gated block keeps for its backward pass. */
export interface GatedSaved {
  readonly kind: "gated";
  readonly intermediate: LinearSaved;
  /** [rows, 2 inner] */
  readonly inner: Tensor;
  readonly dropout?: DropoutSaved;
  readonly output: LinearSaved;
}

/** State that a feed-forward block keeps for its backward pass. */
export type FeedForwardSaved = MlpSaved | GatedSaved;

/** The feed-forward block of a layer. */
export interface FeedForward {
  readonly linears: readonly Linear[];
  /** Computes [rows, width] from [rows, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: FeedForwardSaved };
  /** Computes the gradient of the input, plus the tensors `plus`. Returns undefined if it is not requested. */
  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: FeedForwardSaved; needsInput: boolean; plus: readonly Tensor[] },
  ): Tensor | undefined;
}

/** A feed-forward block of two linear layers, the second from the inner size to the width. */
export abstract class TwoLinears implements FeedForward {
  constructor(
    readonly modules: { readonly intermediate: Linear; readonly output: Linear },
    protected readonly config: EncoderConfig,
  ) {}

  get linears(): readonly Linear[] {
    return [this.modules.intermediate, this.modules.output];
  }

  abstract forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: FeedForwardSaved };

  abstract backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: FeedForwardSaved; needsInput: boolean; plus: readonly Tensor[] },
  ): Tensor | undefined;
}

/** Linear layer, activation, linear layer. */
export class Mlp extends TwoLinears {
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: MlpSaved } {
    const { output } = this.modules;
    return pass.ops.tidy(() => {
      const activated = this.#activated(pass, x); // [rows, inner]
      const { y, saved } = output.forward(pass, activated.y);
      return {
        y,
        saved: { kind: "mlp", intermediate: activated.saved, activation: activated.activation, output: saved },
      };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput, plus }: { saved: FeedForwardSaved; needsInput: boolean; plus: readonly Tensor[] },
  ): Tensor | undefined {
    if (saved.kind !== "mlp") throw new TypeError("The saved state is of another kind of block.");
    const { intermediate } = this.modules;
    const dInner = this.#innerGradient(pass, dy, { saved, needed: needsInput || intermediate.hasTrainables });
    return dInner && intermediate.backward(pass, dInner, { saved: saved.intermediate, needsInput, onward: { plus } });
  }

  #activated(pass: ForwardPass, x: Tensor): { y: Tensor; saved: LinearSaved; activation: ActivationSaved } {
    const { intermediate } = this.modules;
    const { hiddenAct: kind } = this.config;
    if (kind !== "relu" && kind !== "tanh") {
      const { y, derivative, saved } = intermediate.forwardActivated(pass, x, kind);
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
    { saved: { activation, output: saved }, needed: needsInput }: { saved: MlpSaved; needed: boolean },
  ): Tensor | undefined {
    const { output } = this.modules;
    if (activation.kind === "factor")
      return output.backward(pass, dy, { saved, needsInput, onward: { times: derivativeOf(activation) } });
    const dActivated = output.backward(pass, dy, { saved, needsInput });
    return dActivated && activateBackward(pass.ops, dActivated, activation);
  }
}
