import { join } from "node:path";

import { sharedOps } from "../../../src/ops/shared-ops";
import { Gradients } from "../../../src/model/parts/gradients";
import type { ClassificationModel } from "../../../src/model/classification-model";
import { packDocuments } from "../../../src/model/parts/packed-batch";
import { typeOf } from "../architectures";
import { queryOfIdleKey, readConfig } from "../idle-biases";
import type { Measure, ParityLine } from "../parity-line";
import {
  fixturesOf,
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

/** Results of peft in double precision and in single. */
interface Reference extends Computed {
  readonly single: Computed;
}

/**
 * From here on peft's own rounding (OLoRA at a rank of 1 takes far more off the base than is left of it) is too near
 * the bound to measure by.
 */
const ROUNDED = 2e-5;
/** The same for logits: some configurations multiply what a layer adds by several times, in each layer. */
const ROUNDED_LOGITS = 2e-6;

/** A configuration, so that it can be looked for. */
interface Drawn {
  readonly type: string;
  readonly about: string;
  /** The base's config.json. */
  readonly config: Readonly<Record<string, unknown>>;
}

export const line: ParityLine = {
  title: "every gradient, LoRA",
  against: "torch + peft",
  async run({ random, folder, python, cases, types, note }) {
    const ops = sharedOps();
    const fixtures = fixturesOf(types);
    const given = [];
    const ours: Computed[] = [];
    const drawn: Drawn[] = [];
    for (let i = 0; i < cases(10) * fixtures.length; i++) {
      const kind = fixtures[i % fixtures.length];
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
      const about = `${kind} ${JSON.stringify(config)}`;
      drawn.push({ type: typeOf(kind), about, config: await readConfig(base) });
      classifier.dispose();
    }
    note(`${given.length} configurations computed here; now in Python`);
    const theirs = (await python(given)) as Reference[];
    return measures(ours, theirs, drawn);
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

const PARTS: readonly (readonly [string, RegExp])[] = [
  ["A", /lora_A\.weight$/],
  ["B", /lora_B\.weight$/],
  ["magnitude", /lora_magnitude_vector$/],
  ["biases", /base_layer\.bias$|(?<!classifier)\.bias$/],
  ["embeddings in modulesToSave", /_embeddings\.weight$/],
  ["head and other modulesToSave", /./],
];

/** A measure that is still being taken. */
type Taken = { -readonly [Key in keyof Measure]: Measure[Key] };

function measure(what: string, bound: number, type?: string): Taken {
  return { ...(type === undefined ? {} : { type }), what, cases: 0, largest: 0, bound, worst: "" };
}

function take(taken: Taken, value: number, worst: string): void {
  taken.cases++;
  if (!(value <= taken.largest)) Object.assign(taken, { largest: value, worst });
}

function measures(ours: readonly Computed[], theirs: readonly Reference[], drawn: readonly Drawn[]): Measure[] {
  const parts = PARTS.map(([part]) => measure(`gradient of ${part}`, 1e-4));
  const idle = measure("gradient of a key's bias, 0 by nature", 1e-5);
  const rounded = measure("where peft itself is rounded that much: our distance to double precision over peft's", 10);
  const roundedLogits = measure(
    "logits where peft itself is rounded: our distance to double precision over peft's",
    10,
  );
  const names = measure("names of what is trained", 0);
  const byType = new Map(
    drawn.map(({ type }) => [
      type,
      { logits: measure(`logits, ${type}`, 1e-5, type), every: measure(`every gradient, ${type}`, 1e-4, type) },
    ]),
  );
  ours.forEach(({ logits, gradients }, i) => {
    const [wanted, { type, about, config }] = [theirs[i], drawn[i]];
    const own = byType.get(type);
    if (own === undefined) return;
    names.cases++;
    if (Object.keys(gradients).sort().join() !== Object.keys(wanted.gradients).sort().join())
      Object.assign(names, { largest: names.largest + 1, worst: about });
    const [distance, peft] = [logits, wanted.single.logits].map((other) => difference(other, wanted.logits));
    if (peft > ROUNDED_LOGITS) take(roundedLogits, distance / peft, about);
    else take(own.logits, distance, about);
    // 32-bit rounding goes by the case's largest gradient: a tensor below a three-hundredth of that counts as that
    // large.
    const most = Math.max(...Object.values(wanted.gradients).flat().map(Math.abs));
    for (const [name, values] of Object.entries(wanted.gradients)) {
      const isIdle = queryOfIdleKey(name, config) !== undefined;
      const size = isIdle ? most : Math.max(most / 300, ...values.map(Math.abs));
      const [relative, itself] = [gradients[name] ?? [], wanted.single.gradients[name]].map(
        (other) => difference(other, values) / size,
      );
      const where = `${name} of ${about}`;
      if (itself > ROUNDED) take(rounded, relative / itself, where);
      else if (isIdle) take(idle, relative, where);
      else {
        take(parts[PARTS.findIndex(([, pattern]) => pattern.test(name))], relative, where);
        take(own.every, relative, where);
      }
    }
  });
  return [
    ...[...byType.values()].flatMap(({ logits, every }) => [logits, every]),
    ...parts,
    idle,
    rounded,
    roundedLogits,
    names,
  ].filter(({ cases }) => cases > 0);
}

function difference(a: readonly number[], b: readonly number[]): number {
  return a.length === b.length ? a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) : Infinity;
}
