import { sharedOps } from "../../../src/ops/shared-ops";
import { loadClassificationModel } from "../../../src/model/load-classification-model";
import { Gradients } from "../../../src/model/parts/gradients";
import { batchGradients } from "../../../src/training/step/batch-gradients";
import type { ClassificationLoss } from "../../../src/training/loss/classification-loss";
import { maxDifference } from "../../model/fixture";
import { headlessFixture } from "../headless-fixture";
import type { Measure, ParityLine } from "../parity-line";

export const line: ParityLine = {
  title: "accumulated micro-batches = one large batch",
  against: "ourselves",
  async run({ random, cases, folder }) {
    const ops = sharedOps();
    const directories = {
      bert: await headlessFixture("bert", { folder }),
      distilbert: await headlessFixture("distilbert", { folder }),
    };
    const measures: Measure[] = [];
    const count = cases(60);
    for (const weighted of [false, true]) {
      let [loss, gradient, distance, worst] = [0, 0, 0, ""];
      for (let i = 0; i < count; i++) {
        const kind = (["bert", "distilbert"] as const)[random.below(2)];
        const multi = random.below(3) === 0;
        const classes = 2 + random.below(3);
        const { model } = await loadClassificationModel(directories[kind], {
          ops,
          numLabels: classes,
          seed: random.below(1000),
        });
        for (const parameter of model.parameters()) parameter.trainable = true;
        const examples = 2 + random.below(30);
        const documents = Array.from({ length: examples }, () =>
          Int32Array.from({ length: 2 + random.below(17) }, () => 1 + random.below(39)),
        );
        const data = {
          documents: documents.map((ids) => ({ ids })),
          lengths: documents.map(({ length }) => length),
          labels: documents.map(() =>
            multi ? Array.from({ length: classes }, () => random.below(2)) : random.below(classes),
          ),
        };
        const options: ClassificationLoss = {
          problemType: multi ? "multi_label_classification" : "single_label_classification",
          labelSmoothing: !multi && random.below(3) === 0 ? 0.1 : 0,
          focalGamma: 0,
          ...(weighted ? { classWeights: Array.from({ length: classes }, () => 0.1 + 4 * random.uniform()) } : {}),
        };
        const taken = async (
          microBatches: readonly (readonly number[])[],
          maxTokensPerPass: number,
        ): Promise<{ loss: number; gradients: Map<string, Float32Array> }> => {
          const sums = new Gradients(ops);
          const losses = await batchGradients(
            { model },
            { microBatches, data, loss: options, dropout: undefined, maxTokensPerPass, gradients: sums },
          );
          const gradients = new Map<string, Float32Array>();
          for (const [{ name }, tensor] of sums.entries())
            gradients.set(name, Float32Array.from(await ops.read(tensor)));
          sums.dispose();
          let total = 0;
          for (const part of losses) total += (await ops.read(part))[0];
          ops.dispose(...losses);
          return { loss: total, gradients };
        };
        const order = random.shuffle(documents.map((_, index) => index));
        const size = 1 + random.below(Math.max(1, examples - 1));
        const whole = await taken([documents.map((_, index) => index)], 1e9);
        const parts = await taken(
          Array.from({ length: Math.ceil(examples / size) }, (_, k) => order.slice(k * size, (k + 1) * size)),
          20 + random.below(100),
        );
        loss = Math.max(loss, Math.abs(whole.loss - parts.loss) / Math.max(1, whole.loss));
        let [apart, length] = [0, 0];
        for (const [name, values] of whole.gradients) {
          // No gradient but rounding: softmax does not change when all scores do.
          if (/(key|k_lin)\.bias$/.test(name)) continue;
          const others = parts.gradients.get(name) ?? new Float32Array();
          values.forEach((value, k) => {
            apart += (value - others[k]) ** 2;
            length += value ** 2;
          });
          const difference = maxDifference(values, others) / largestOf(values);
          if (difference > gradient) [gradient, worst] = [difference, `${kind} ${name}, ${examples} in ${size}s`];
        }
        distance = Math.max(distance, Math.sqrt(apart / length));
        model.dispose();
      }
      const what = weighted ? "with class weights" : "without them";
      const gradients = "every gradient, relative to its tensor's largest";
      measures.push(
        { what: `loss, ${what}`, cases: count, largest: loss, bound: 1e-6 },
        // 32-bit sums in another order: 0.8e-6 to 1.6e-6 over four seeds
        {
          what: `all gradients as one vector: its change over its length, ${what}`,
          cases: count,
          largest: distance,
          bound: 2e-6,
        },
        // Sums in another order: a shuffle of the large batch alone makes 6e-7 of the largest gradient in this model.
        { what: `${gradients}, ${what}`, cases: count, largest: gradient, bound: 1e-5, worst },
      );
    }
    return measures;
  },
};

function largestOf(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-30);
}
