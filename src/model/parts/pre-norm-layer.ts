import type { Tensor } from "../../ops/tensor";
import { rateOf } from "../encoder-structure";
import { applyDropout, dropoutBackward } from "./dropout";
import { TwoBlockLayer, type LayerSaved, type PreNormSaved } from "./encoder-layer";
import type { LayerPlan } from "./layer-plan";
import { dropoutOf, type BackwardPass, type ForwardPass } from "./pass";

/**
 * One pre-norm transformer layer (Xiong et al., 2020): the input of each block is normalised, and its output is added
 * to the input before the norm. If only first tokens are needed after it, the other tokens only get keys and values.
 */
export class PreNormLayer extends TwoBlockLayer {
  forward(pass: ForwardPass, x: Tensor, plan: LayerPlan): { y: Tensor; saved: PreNormSaved } {
    const { ops } = pass;
    const m = this.modules;
    const { attention: structure } = this.config.structure;
    return ops.tidy(() => {
      const queriesOf = (all: Tensor): Tensor =>
        plan.span === "every-token" ? all : ops.gatherRows(all, plan.firstRows); // [queries, width]
      const normed = m.attentionNorm?.forward(pass, x);
      const input = normed?.y ?? x; // [rows, width]
      const attention = m.attention.forward(pass, { x: input, queried: queriesOf(input), plan });
      const attentionOutput = m.attentionOutput.forward(pass, attention.y);
      const rate = rateOf(this.config, structure.outputDropout);
      const dropped = applyDropout(attentionOutput.y, { ops, source: dropoutOf(pass), rate });
      const middle = ops.add(queriesOf(x), dropped.y); // [queries, width]
      const feedForwardNorm = m.feedForwardNorm.forward(pass, middle);
      const fed = m.feedForward.forward(pass, feedForwardNorm.y);
      const saved: PreNormSaved = {
        kind: "pre",
        rows: x.shape[0],
        attentionNorm: normed?.saved,
        attention: attention.saved,
        attentionOutput: attentionOutput.saved,
        attentionDropout: dropped.saved,
        feedForwardNorm: feedForwardNorm.saved,
        feedForward: fed.saved,
      };
      return { y: ops.add(middle, fed.y), saved };
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
    if (saved.kind !== "pre") throw new TypeError("The saved state is of another kind of layer.");
    const needsNormed = needsInput || m.attentionNorm?.hasTrainables === true;
    const needsProjections = needsNormed || m.attention.hasTrainables;
    const needsMiddle = needsProjections || m.attentionOutput.hasTrainables;
    return ops.tidy(() => {
      const dFed = m.feedForward.backward(pass, dy, {
        saved: saved.feedForward,
        needsInput: needsMiddle || m.feedForwardNorm.hasTrainables,
        plus: [],
      });
      if (dFed === undefined) return undefined;
      const dMiddle = ops.add(dy, m.feedForwardNorm.backward(pass, dFed, saved.feedForwardNorm)); // [queries, width]
      const dContext = m.attentionOutput.backward(
        pass,
        dropoutBackward(dMiddle, { ops, saved: saved.attentionDropout }),
        {
          saved: saved.attentionOutput,
          needsInput: needsProjections,
        },
      );
      if (dContext === undefined) return undefined;
      const through = m.attention.backward(pass, dContext, {
        saved: saved.attention,
        plan,
        plus: [],
        needsInput: needsNormed,
      });
      if (through === undefined) return undefined;
      const toAll = (queries: Tensor): Tensor =>
        plan.span === "every-token" ? queries : ops.scatterRows(queries, plan.firstRows, saved.rows); // [rows, width]
      const dNormed = through.dQueried === undefined ? through.dx : ops.add(through.dx, toAll(through.dQueried));
      const dInput =
        m.attentionNorm === undefined || saved.attentionNorm === undefined
          ? dNormed
          : m.attentionNorm.backward(pass, dNormed, saved.attentionNorm);
      return needsInput ? ops.add(toAll(dMiddle), dInput) : undefined;
    });
  }
}
