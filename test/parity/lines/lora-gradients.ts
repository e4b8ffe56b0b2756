import { join } from "node:path";

import { sharedOps } from "../../../src/ops/shared-ops";
import { Gradients } from "../../../src/model/parts/gradients";
import type { ClassificationModel } from "../../../src/model/classification-model";
import { packDocuments } from "../../../src/model/parts/packed-batch";
import type { Measure, ParityLine } from "../parity-line";
import {
  KINDS,
  moveWeights,
  openBase,
  randomConfig,
  randomDocuments,
  writeBase,
  type Documents,
} from "../random-adapters";

interface Computed {
  readonly logits: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** What peft computes in double precision, and its gradients in single. */
interface Reference extends Computed {
  readonly single: Computed["gradients"];
}

/** From here on peft's own rounding (OLoRA at a rank of 1 takes far more off the base than is left of it) is too near the bound to measure by. */
const ROUNDED = 2e-5;

export const line: ParityLine = {
  title: "every gradient, LoRA",
  against: "torch + peft",
  async run({ random, folder, python, cases, note }) {
    const ops = sharedOps();
    const given = [];
    const ours: Computed[] = [];
    const configs: string[] = [];
    for (let i = 0; i < cases(60); i++) {
      const kind = KINDS[i % KINDS.length];
      const base = await writeBase(kind, { random, folder: join(folder, `base-${i}`) });
      const classifier = await openBase(base, ops, i);
      const config = randomConfig(classifier.model, random);
      const adapter = classifier.addAdapter(config);
      await moveWeights(adapter.parameters(), { random, ops, by: 0.15 });
      const documents = randomDocuments(random);
      const labels = documents.map(() => random.below(2));
      ours.push(await compute(classifier.model, { documents, labels }));
      const directory = join(folder, `adapter-${i}`);
      await classifier.saveAdapter(directory);
      given.push({ base, adapter: directory, documents, labels });
      configs.push(`${kind} ${JSON.stringify(config)}`);
      classifier.dispose();
    }
    note(`${given.length} configurations computed here; now in Python`);
    const theirs = (await python(given)) as Reference[];
    return measures(ours, theirs, configs);
  },
};

/** Logits, and the gradient of the mean cross entropy for every weight that is trained, by its name in peft's file. */
async function compute(
  model: ClassificationModel,
  { documents, labels }: { documents: Documents; labels: readonly number[] },
): Promise<Computed> {
  const { ops } = model;
  const batch = packDocuments(documents.map((ids) => Int32Array.from(ids)));
  const forward = model.forward({ kind: "training", ops, dropout: undefined }, batch);
  const values = await ops.read(forward.logits);
  const logits: number[] = [];
  const slopes = new Float32Array(values.length);
  batch.order.forEach((document, row) => {
    const pair = [values[2 * row], values[2 * row + 1]];
    const total = Math.exp(pair[0]) + Math.exp(pair[1]);
    pair.forEach((logit, label) => {
      logits[2 * document + label] = logit;
      slopes[2 * row + label] = (Math.exp(logit) / total - Number(label === labels[document])) / labels.length;
    });
  });
  const sums = new Gradients(ops);
  const dLogits = ops.float(slopes, [documents.length, 2]);
  model.backward({ ops, gradients: sums }, dLogits, forward);
  const gradients: Record<string, number[]> = {};
  for (const [{ name }, gradient] of sums.entries()) gradients[name] = [...(await ops.read(gradient))];
  sums.dispose();
  forward.release();
  ops.dispose(dLogits);
  return { logits, gradients };
}

/** Added to every score of a row alike, it changes no softmax: all of its gradient is rounding. */
const KEY_BIAS = /(key|k_lin)(\.base_layer)?\.bias$/;
const PARTS: readonly (readonly [string, RegExp])[] = [
  ["A", /lora_A\.weight$/],
  ["B", /lora_B\.weight$/],
  ["magnitude", /lora_magnitude_vector$/],
  ["a key's bias, 0 by nature", KEY_BIAS],
  ["biases", /base_layer\.bias$|(?<!classifier)\.bias$/],
  ["embeddings in modulesToSave", /_embeddings\.weight$/],
  ["head and other modulesToSave", /./],
];

function measures(ours: readonly Computed[], theirs: readonly Reference[], configs: readonly string[]): Measure[] {
  const found = PARTS.map(([part]) => ({
    what: `gradient of ${part}`,
    cases: 0,
    largest: 0,
    bound: part.startsWith("a key") ? 1e-5 : 1e-4,
    worst: "",
  }));
  const rounded = {
    what: "where peft itself is rounded that much: our distance to double precision over peft's",
    cases: 0,
    largest: 0,
    bound: 10,
    worst: "",
  };
  let missing = 0;
  const logits = { what: "logits", cases: ours.length, largest: 0, bound: 1e-5, worst: "" };
  ours.forEach(({ logits: row, gradients }, i) => {
    const wanted = theirs[i];
    if (Object.keys(gradients).sort().join() !== Object.keys(wanted.gradients).sort().join()) missing++;
    const off = difference(row, wanted.logits);
    if (!(off <= logits.largest)) Object.assign(logits, { largest: off, worst: configs[i] });
    // 32-bit rounding goes by the case's largest gradient: a tensor below a three-hundredth of that counts as that large.
    const most = Math.max(...Object.values(wanted.gradients).flat().map(Math.abs));
    for (const [name, values] of Object.entries(wanted.gradients)) {
      const size = KEY_BIAS.test(name) ? most : Math.max(most / 300, ...values.map(Math.abs));
      const [relative, itself] = [gradients[name] ?? [], wanted.single[name]].map(
        (other) => difference(other, values) / size,
      );
      const measure = itself > ROUNDED ? rounded : found[PARTS.findIndex(([, pattern]) => pattern.test(name))];
      const value = itself > ROUNDED ? relative / itself : relative;
      measure.cases++;
      if (!(value <= measure.largest)) Object.assign(measure, { largest: value, worst: `${name} of ${configs[i]}` });
    }
  });
  return [
    logits,
    ...found,
    rounded,
    { what: "names of what is trained", cases: ours.length, largest: missing, bound: 0 },
  ];
}

function difference(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) : Infinity;
}
