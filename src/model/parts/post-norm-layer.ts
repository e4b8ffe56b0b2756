import type { Tensor } from "../../ops/tensor";
import { rateOf } from "../encoder-structure";
import { TwoBlockLayer, type LayerModules, type LayerSaved, type PostNormSaved } from "./encoder-layer";
import type { LayerPlan } from "./layer-plan";
import type { Norm } from "./norm";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/** The parts of a post-norm layer. */
export interface PostNormModules extends LayerModules {
  readonly attentionNorm: Norm;
}

/**
 * One post-norm transformer layer (Devlin et al., 2018). If only first tokens are needed after it, only attention reads
 * the other tokens; everything else is computed for first tokens alone.
 */
export class PostNormLayer extends TwoBlockLayer<PostNormModules> {
  forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: PostNormSaved } {
    const { ops } = pass;
    const m = this.modules;
    const { structure } = this.config;
    const source = dropoutOf(pass);
    return ops.tidy(() => {
      const residual = plan.span === "every-token" ? x : ops.gatherRows(x, plan.firstRows); // [queries, width]
      const attention = m.attention.forward(pass, { x, queried: residual, plan });
      const attentionOutput = m.attentionOutput.forward(pass, attention.y);
      const attentionNorm = m.attentionNorm.forwardResidual(pass, attentionOutput.y, {
        residual,
        drop: source?.next(rateOf(this.config, structure.attention.outputDropout)),
      }); // [queries, width]

      const fed = m.feedForward.forward(pass, attentionNorm.y); // [queries, width]
      const feedForwardNorm = m.feedForwardNorm.forwardResidual(pass, fed.y, {
        residual: attentionNorm.y,
        drop: source?.next(rateOf(this.config, structure.feedForward.dropout)),
      });
      const saved: PostNormSaved = {
        kind: "post",
        rows: x.shape[0],
        attention: attention.saved,
        attentionOutput: attentionOutput.saved,
        attentionNorm: attentionNorm.saved,
        feedForward: fed.saved,
        feedForwardNorm: feedForwardNorm.saved,
      };
      return { y: feedForwardNorm.y, saved };
    });
  }

  backward(
    pass: BackwardPass,
    dy: Tensor,
    from: { saved: LayerSaved; plan: LayerPlan; needsInput: boolean },
  ): Tensor | undefined {
    const { ops } = pass;
    const m = this.modules;
    const { saved, plan, needsInput } = from;
    if (saved.kind !== "post") throw new TypeError("The saved state is of another kind of layer.");
    const needsProjections = needsInput || m.attention.hasTrainables;
    const needsAttention = needsProjections || m.attentionOutput.hasTrainables || m.attentionNorm.hasTrainables;
    return ops.tidy(() => {
      // [queries, width]
      const { dResidual: dSum2, dx: dFed } = m.feedForwardNorm.backwardResidual(pass, dy, saved.feedForwardNorm);
      const dMiddle = m.feedForward.backward(pass, dFed, {
        saved: saved.feedForward,
        needsInput: needsAttention,
        plus: [dSum2],
      });
      if (dMiddle === undefined) return undefined;

      const { dResidual: dSum1, dx: dMixed } = m.attentionNorm.backwardResidual(pass, dMiddle, saved.attentionNorm);
      const dContext = m.attentionOutput.backward(pass, dMixed, {
        saved: saved.attentionOutput,
        needsInput: needsProjections,
      });
      if (dContext === undefined) return undefined;
      const through = m.attention.backward(pass, dContext, { saved: saved.attention, plan, plus: [dSum1], needsInput });
      if (through?.dQueried === undefined) return through?.dx;
      return ops.add(through.dx, ops.scatterRows(through.dQueried, plan.firstRows, saved.rows));
    });
  }
}
