import { join } from "node:path";

import { TensorflowOps } from "../../../src/device/tensorflow-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { openSafetensors } from "../../../src/model/read-safetensors";
import { gradientsOf, maxDifference } from "../../model/fixture";
import type { Measure, ParityLine } from "../parity-line";
import { described, randomModelCase } from "../random-cases";

const KINDS = ["bert", "distilbert", "roberta"] as const;
/** A key's bias moves all scores of a query alike: its true gradient is 0, and only rounding remains. */
const KEY_BIAS = /\.(key|k_lin)\.bias$/;

/** Every weight's gradient of the mean cross entropy, relative to the tensor's largest. */
export const line: ParityLine = {
  title: "every weight's gradient in full fine-tuning, relative to the tensor's largest",
  against: "torch",
  async run({ random, folder, cases, python }) {
    const each = cases(3);
    const drawn = KINDS.flatMap((kind) => [1, 2, 3, 4, 5, 6].flatMap((depth) => Array.from({ length: each }, () => randomModelCase(random, { kind, depth, longest: random.below(3) === 0 ? 512 : 100 }))));
    const paths = (await python({ cases: drawn, folder })) as string[];
    const ops = new TensorflowOps();
    const worst = new Map<string, { cases: number; largest: number; at: string }>();
    const take = (what: string, difference: number, at: string): void => {
      const known = worst.get(what) ?? { cases: 0, largest: 0, at };
      worst.set(what, { cases: known.cases + 1, largest: Math.max(known.largest, difference), at: difference <= known.largest ? known.at : at });
    };
    for (const [i, path] of paths.entries()) {
      const at = drawn[i];
      const { model } = await loadClassificationModel(path, { ops, numLabels: at.numLabels, seed: 1 });
      for (const parameter of model.parameters()) parameter.trainable = true;
      const { gradients } = await gradientsOf(model, at);
      for (const [file, label] of [["double", "double precision"], ["single", "single precision"]] as const) {
        const expected = await openSafetensors(join(path, `${file}.safetensors`));
        const missing = [...expected.entries.keys()].filter((name) => !gradients.has(name));
        if (missing.length > 0 || expected.entries.size !== gradients.size) throw new Error(`${described(at)}: no gradient for ${missing.join(", ")}`);
        for (const [name, gradient] of gradients) {
          const wanted = await expected.readFloats(name);
          const scaleOf = KEY_BIAS.test(name) ? await expected.readFloats(name.replace(".key.", ".query.").replace(".k_lin.", ".q_lin.")) : wanted;
          const largest = scaleOf.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
          const difference = maxDifference(gradient, wanted);
          const relative = difference === 0 ? 0 : difference / largest;
          take(KEY_BIAS.test(name) ? `${at.kind}, ${label}: biases of keys, truly 0, to those of queries` : `${at.kind}, ${label}`, relative, `${name} of ${described(at)}`);
        }
        await expected.close();
      }
      model.dispose();
    }
    return [...worst].map(([what, { cases: count, largest, at }]): Measure => ({ what, cases: count, largest, bound: 1e-4, worst: at }));
  },
};
