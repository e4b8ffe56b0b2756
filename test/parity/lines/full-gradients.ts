import { join } from "node:path";

import { sharedOps } from "../../../src/ops/shared-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { openSafetensors } from "../../../src/model/weights/read-safetensors";
import { gradientsOf, maxDifference } from "../../model/fixture";
import type { Measure, ParityLine } from "../parity-line";
import { queryOfIdleKey } from "../idle-biases";
import { described, randomModelCase } from "../random-cases";

/** From here on PyTorch's own rounding, in models whose attention saturates, is too near the bound to measure by. */
const ROUNDED = 2e-5;

/** Every weight's gradient of the mean cross entropy, relative to the tensor's largest. */
export const line: ParityLine = {
  title: "every weight's gradient in full fine-tuning, relative to the tensor's largest",
  against: "torch",
  async run({ random, folder, cases, types, python, note }) {
    const each = cases(2);
    const drawn = types.flatMap((kind) =>
      [1, 2, 3, 4, 5, 6].flatMap((depth) =>
        Array.from({ length: each }, () =>
          randomModelCase(random, { kind, depth, longest: [12, 100, 512][random.below(3)], mostKinks: 20_000 }),
        ),
      ),
    );
    const paths = (await python({ cases: drawn, folder })) as string[];
    const ops = sharedOps();
    let total = 0;
    const worst = new Map<string, { cases: number; largest: number; bound: number; at: string; type?: string }>();
    const take = (
      what: string,
      difference: number,
      { bound, at, type }: { bound: number; at: string; type?: string },
    ): void => {
      const known = worst.get(what) ?? { cases: 0, largest: 0, bound, at };
      worst.set(what, {
        type,
        bound,
        cases: known.cases + 1,
        largest: Math.max(known.largest, difference),
        at: difference <= known.largest ? known.at : at,
      });
    };
    for (const [i, path] of paths.entries()) {
      const at = drawn[i];
      const { model } = await loadClassificationModel(path, { ops, numLabels: at.numLabels, seed: 1 });
      for (const parameter of model.parameters()) parameter.trainable = true;
      const { gradients } = await gradientsOf(model, at);
      const [exact, single] = [
        await openSafetensors(join(path, "double.safetensors")),
        await openSafetensors(join(path, "single.safetensors")),
      ];
      const missing = [...exact.entries.keys()].filter((name) => !gradients.has(name));
      if (missing.length > 0 || exact.entries.size !== gradients.size)
        throw new Error(`${described(at)}: no gradient for ${missing.join(", ")}`);
      let most = 0; // of all weights: the scale of a tensor whose gradient is 0, as attention's at a single token
      for (const name of exact.entries.keys()) most = Math.max(most, largestOf(await exact.readFloats(name)));
      for (const [name, gradient] of gradients) {
        const [wanted, torch] = [await exact.readFloats(name), await single.readFloats(name)];
        const query = queryOfIdleKey(name, at.config);
        const scaleOf = query === undefined ? wanted : await exact.readFloats(query);
        const largest = largestOf(scaleOf) || most;
        const relative = (difference: number): number => (difference === 0 ? 0 : difference / largest);
        const [ours, itself, between] = [
          maxDifference(gradient, wanted),
          maxDifference(torch, wanted),
          maxDifference(gradient, torch),
        ].map(relative);
        const where = `${name} of ${described(at)}`;
        const which = query === undefined ? at.kind : "biases of keys, truly 0, to those of queries";
        total++;
        if (itself > ROUNDED) {
          take(
            "where PyTorch itself is rounded that much: our distance to double precision over PyTorch's",
            ours / itself,
            { bound: 10, at: where },
          );
          continue;
        }
        const found = { bound: 1e-4, at: where, ...(query === undefined ? { type: at.kind } : {}) };
        take(`${which}, to torch in double precision`, ours, found);
        take(`${which}, to torch in single precision`, between, found);
      }
      await exact.close();
      await single.close();
      model.dispose();
    }
    note(
      `${worst.get("where PyTorch itself is rounded that much: our distance to double precision over PyTorch's")?.cases ?? 0} of ${total} tensors left out of the bound: PyTorch in single precision is more than ${ROUNDED} from itself in double precision`,
    );
    return [...worst].map(([what, { cases: count, largest, bound, at, type }]): Measure => ({
      type,
      what,
      cases: count,
      largest,
      bound,
      worst: at,
    }));
  },
};

function largestOf(values: Float32Array): number {
  return values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
}
