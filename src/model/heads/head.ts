import type { DropoutSaved, LayerNormSaved } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";
import type { ActivationSaved } from "../parts/activation";
import type { Linear, LinearSaved } from "../parts/linear";
import type { Norm } from "../parts/norm";
import type { BackwardPass, ForwardPass } from "../parts/pass";

/** State that a head keeps for its backward pass. */
export interface HeadSaved {
  readonly inputDropout?: DropoutSaved;
  readonly dense: LinearSaved;
  readonly activation: ActivationSaved;
  readonly norm?: LayerNormSaved;
  readonly dropout?: DropoutSaved;
  readonly classifier: LinearSaved;
}

/** Computes logits from one vector for each document. */
export interface Head {
  readonly modules: { readonly dense: Linear; readonly norm?: Norm; readonly classifier: Linear };
  readonly linears: readonly Linear[];
  readonly norms: readonly Norm[];
  /** Computes logits [documents, labels] from [documents, width]. */
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: HeadSaved };
  /** Computes the gradient of its input from that of the logits. Returns undefined if it is not requested. */
  backward(pass: BackwardPass, dLogits: Tensor, from: { saved: HeadSaved; needsInput: boolean }): Tensor | undefined;
  dispose(): void;
}
