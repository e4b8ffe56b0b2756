import type { Tensor } from "../../ops/tensor";
import { rateOf } from "../encoder-structure";
import { applyDropout, dropoutBackward } from "./dropout";
import { TwoLinears, type FeedForwardSaved, type GatedSaved } from "./feed-forward";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/**
 * A gated feed-forward block (Shazeer, 2020): a linear layer to twice the inner size, the activation of the first half
 * times the second half, dropout, linear layer.
 */
export class GatedFeedForward extends TwoLinears {
  forward(pass: ForwardPass, x: Tensor): { y: Tensor; saved: GatedSaved } {
    const { ops } = pass;
    const { intermediate, output } = this.modules;
    return ops.tidy(() => {
      const inner = intermediate.forward(pass, x); // [rows, 2 inner]
      const gated = ops.gated(inner.y, { activation: this.#activation }); // [rows, inner]
      const rate = rateOf(this.config, this.config.structure.feedForward.dropout);
      const dropped = applyDropout(gated, { ops, source: dropoutOf(pass), rate });
      const { y, saved } = output.forward(pass, dropped.y);
      return {
        y,
        saved: { kind: "gated", intermediate: inner.saved, inner: inner.y, dropout: dropped.saved, output: saved },
      };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    { saved, needsInput, plus }: { saved: FeedForwardSaved; needsInput: boolean; plus: readonly Tensor[] },
  ): Tensor | undefined {
    const { ops } = pass;
    const { intermediate, output } = this.modules;
    if (saved.kind !== "gated") throw new TypeError("The saved state is of another kind of block.");
    return ops.tidy(() => {
      const dDropped = output.backward(pass, dy, {
        saved: saved.output,
        needsInput: needsInput || intermediate.hasTrainables,
      });
      if (dDropped === undefined) return undefined;
      const dGated = dropoutBackward(dDropped, { ops, saved: saved.dropout });
      const dInner = ops.gatedBackward(dGated, saved.inner, { activation: this.#activation });
      return intermediate.backward(pass, dInner, { saved: saved.intermediate, needsInput, onward: { plus } });
    });
  }

  get #activation(): "gelu" | "gelu-tanh" | "silu" {
    const { hiddenAct } = this.config;
    if (hiddenAct === "relu" || hiddenAct === "tanh") throw new TypeError(`A gated block has no ${hiddenAct}.`);
    return hiddenAct;
  }
}
