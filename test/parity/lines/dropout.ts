import { SequenceClassifier } from "../../../src/classifier/sequence-classifier";
import { sharedOps } from "../../../src/ops/shared-ops";
import { applyDropout, DropoutSource } from "../../../src/model/parts/dropout";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { train } from "../../../src/training/train";
import { fixtureDirectory, maxDifference } from "../../model/fixture";
import type { Measure, ParityLine } from "../parity-line";

/** Bound that none of the line's standard normal figures exceeds: a chance of 10^-9 or less. */
const SIGMAS = 6;

export const line: ParityLine = {
  title: "dropout: masks, scaling, none in evaluation",
  against: "formula",
  async run({ random, cases }) {
    const ops = sharedOps();
    const drawn = cases(200);
    const measures = { wrong: 0, mean: 0, variance: 0, neighbours: 0, draws: 0, unequal: 0, equal: 0 };
    for (let i = 0; i < drawn; i++) {
      const rate = 0.02 + 0.93 * random.uniform();
      const seed = random.below(2 ** 31);
      const shape = [20 + random.below(200), 20 + random.below(200)];
      const n = shape[0] * shape[1];
      const masks = async (of: DropoutSource, count: number): Promise<Float32Array[]> => {
        const found: Float32Array[] = [];
        for (let k = 0; k < count; k++) {
          const ones = ops.float(new Float32Array(n).fill(1), shape);
          const { y: mask, saved } = applyDropout(ones, { ops, source: of, rate });
          found.push(Float32Array.from(await ops.read(mask)));
          ops.dispose(ones, mask);
          ops.disposeIn({ ...saved });
        }
        return found;
      };
      const [first, second] = await masks(new DropoutSource(seed), 2);
      const [again] = await masks(new DropoutSource(seed), 1);
      const [later] = await masks(new DropoutSource(seed, 1), 1);
      const [other] = await masks(new DropoutSource(seed + 1), 1);
      const kept = Math.fround(1 / (1 - rate));
      if (!first.every((x) => x === 0 || Math.abs(x - kept) <= 1e-6 * kept)) measures.wrong++;
      if (maxDifference(first, again) > 0 || maxDifference(second, later) > 0) measures.unequal++;
      if (maxDifference(first, second) === 0 || maxDifference(first, other) === 0) measures.equal++;
      // Each value is 0 with probability r, else 1 / (1 - r): mean 1, variance r / (1 - r).
      const variance = rate / (1 - rate);
      const sum = first.reduce((a, b) => a + b, 0);
      measures.mean = Math.max(measures.mean, Math.abs(sum / n - 1) / Math.sqrt(variance / n));
      const squares = first.map((x) => (x - 1) ** 2);
      const fourth = rate + (1 - rate) * variance ** 4; // of (x - 1): -1 with r, r / (1 - r) with 1 - r
      measures.variance = Math.max(
        measures.variance,
        Math.abs(squares.reduce((a, b) => a + b, 0) / n - variance) / Math.sqrt((fourth - variance ** 2) / n),
      );
      // Neighbours in a row, and one place in two draws, are not correlated.
      const correlation = (a: Float32Array, b: Float32Array, lag: number): number =>
        (Math.abs(a.reduce((total, x, k) => (k + lag < n ? total + (x - 1) * (b[k + lag] - 1) : total), 0)) /
          (n - lag) /
          variance) *
        Math.sqrt(n - lag);
      measures.neighbours = Math.max(
        measures.neighbours,
        correlation(first, first, 1),
        correlation(first, first, shape[1]),
      );
      measures.draws = Math.max(measures.draws, correlation(first, second, 0), correlation(first, other, 0));
    }
    const sigmas = (what: string, largest: number): Measure => ({ what, cases: drawn, largest, bound: SIGMAS });
    const counted = (what: string, largest: number, count = drawn): Measure => ({
      what,
      cases: count,
      largest,
      bound: 0,
    });
    return [
      counted("values: 0 or 1 / (1 - rate)", measures.wrong),
      sigmas("mean 1, in standard errors", measures.mean),
      sigmas("variance rate / (1 - rate), in standard errors", measures.variance),
      sigmas("neighbours uncorrelated, in standard errors", measures.neighbours),
      sigmas("draws and seeds uncorrelated, in standard errors", measures.draws),
      counted("same seed and count, same mask", measures.unequal),
      counted("other count or seed, other mask", measures.equal),
      ...(await inModels(cases(10))),
    ];
  },
};

/** Evaluation has no dropout for any rates of the model; training repeats with its seed. */
async function inModels(count: number): Promise<Measure[]> {
  let [dropped, unequal, equal] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const kind = (["bert", "distilbert"] as const)[i % 2];
    const texts = Array.from({ length: 8 }, (_, k) =>
      ["2", ...Array.from({ length: 1 + k }, (_unused, t) => String(5 + ((t * 7 + k) % 30))), "3"].join(" "),
    );
    const trained = async (rate: number, seed: number): Promise<{ before: Float32Array; losses: number[] }> => {
      const { model } = await loadClassificationModel(fixtureDirectory(kind), {
        ops: sharedOps(),
        numLabels: 2,
        seed: 1,
      });
      for (const name of ["hiddenDropout", "attentionDropout", "classifierDropout"] as const)
        Object.assign(model.config, { [name]: rate });
      const tokenizer = {
        maxLength: 20,
        encode: (all: readonly string[]) =>
          all.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
      };
      const c = new SequenceClassifier({
        model,
        tokenizer,
        labels: ["a", "b"],
        origin: { id: "tiny", directory: fixtureDirectory(kind), notice: "" },
        newlyInitialized: [],
        seed: 1,
      });
      c.addAdapter({ r: 2, loraDropout: rate });
      const before = await c.predictLogits(texts);
      const losses: number[] = [];
      for await (const event of train(c, {
        train: texts.map((text, k) => ({ text, label: k % 2 })),
        maxSteps: 4,
        perDeviceTrainBatchSize: 4,
        seed,
      }))
        if (event.type === "step") losses.push(event.loss);
      c.dispose();
      return { before, losses };
    };
    const [none, some, same, other] = [
      await trained(0, i),
      await trained(0.4, i),
      await trained(0.4, i),
      await trained(0.4, i + 1000),
    ];
    if (maxDifference(none.before, some.before) > 0) dropped++;
    if (maxDifference(some.losses, same.losses) > 0) unequal++;
    if (maxDifference(some.losses, other.losses) === 0 || maxDifference(some.losses, none.losses) === 0) equal++;
  }
  return [
    { what: "logits in evaluation are those without dropout", cases: count, largest: dropped, bound: 0 },
    { what: "same seed, same run", cases: count, largest: unequal, bound: 0 },
    { what: "other seed or rate, other run", cases: count, largest: equal, bound: 0 },
  ];
}
