import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { median } from "../../src/base/median";
import { projectRoot } from "../../src/base/project-root";
import { evaluate, loadClassifier, train, type SequenceClassifier, type TrainOptions } from "../../src/index";
import { sharedOps } from "../../src/ops/shared-ops";
import { differenceSentence } from "./difference-sentence";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { makeModelFolder } from "./model-folders";
import { loadStudyData, type LabelledTexts } from "./study-data";
import { HELP, OPTIONS } from "./prefix-options.cjs";

const TOP_TWO = [4, 5];
const EPOCHS = 3;

/** One way to run the training. */
type Way = Pick<TrainOptions, "frozenPrefixDropout" | "frozenPrefixCache" | "frozenPrefixCacheDir">;

interface Rows {
  readonly train: { text: string; label: number }[];
  readonly validation: { text: string; label: number }[];
}

interface Settings {
  readonly model: string;
  readonly rows: Rows;
  readonly folder: string;
  readonly note: (text: string) => void;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const [rounds, seeds] = [Number(values.rounds), Number(values.seeds ?? 1)];
  const texts = values.texts === undefined ? Infinity : Number(values.texts);
  if (![rounds, seeds].every((n) => Number.isInteger(n) && n > 0) || !(texts > 0)) throw new RangeError(HELP);
  const data = await loadStudyData();
  const ops = sharedOps();
  const instructions = "instructions" in ops ? String(ops.instructions) : "no kernels";
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  note(`Machine: ${machineSentence(describeMachine())}; kernels for ${instructions}; data: ${data.source}.`);
  note(`Begun ${new Date().toISOString()}; load average a core ${loadPerCore().toFixed(2)}.`);
  const folder = await mkdtemp(join(tmpdir(), "tslora-bench-prefix-"));
  const rowsOf = (part: LabelledTexts): Rows["train"] =>
    part.texts.slice(0, texts).map((text, i) => ({ text, label: part.labels[i] }));
  try {
    const model = await makeModelFolder({ size: "minilm", parent: folder });
    const settings = { model, rows: { train: rowsOf(data.train), validation: rowsOf(data.validation) }, folder, note };
    const report =
      values.seeds === undefined ? await compareTimes(settings, rounds) : await compareAccuracy(settings, seeds);
    await writeAtomically(
      join(projectRoot(), "output", "bench", "prefix.json"),
      `${JSON.stringify({ date: new Date().toISOString(), lines, ...report }, undefined, 2)}\n`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds of three epochs, with evaluations, of each way in turn. */
async function compareTimes({ model, rows, folder, note }: Settings, rounds: number): Promise<object> {
  const seconds: Record<"peft" | "without" | "empty" | "full", number[]> = {
    peft: [],
    without: [],
    empty: [],
    full: [],
  };
  const processor: typeof seconds = { peft: [], without: [], empty: [], full: [] };
  for (let round = 0; round < rounds; round++) {
    const frozenPrefixCacheDir = join(folder, `cache ${round}`);
    const cached: Way = { frozenPrefixDropout: false, frozenPrefixCache: true, frozenPrefixCacheDir };
    const ways = [
      ["peft", {}],
      ["empty", cached],
      ["full", cached],
      ["without", { frozenPrefixDropout: false, frozenPrefixCache: false }],
    ] as const;
    for (const [name, way] of ways) {
      const classifier = await withTopTwo(model, 42);
      const before = process.cpuUsage();
      seconds[name].push(await timeOf(classifier, { ...rows, ...way }));
      const { user, system } = process.cpuUsage(before);
      classifier.dispose();
      processor[name].push((user + system) / 1e6);
      note(
        `Round ${round + 1}, ${LABELS[name]}: ${seconds[name][round].toFixed(1)} s, ` +
          `${processor[name][round].toFixed(1)} s of processor time.`,
      );
    }
  }
  const ratio = (a: readonly number[], b: readonly number[]): string => median(a.map((x, i) => x / b[i])).toFixed(2);
  for (const name of ["empty", "full"] as const)
    note(
      `${EPOCHS} epochs of LoRA on the top two of six layers, ${LABELS[name]}: ${ratio(seconds.peft, seconds[name])} times ` +
        `as fast as with peft's dropout, ${ratio(seconds.without, seconds[name])} times as fast as without the cache; ` +
        `by processor time ${ratio(processor.peft, processor[name])} and ${ratio(processor.without, processor[name])}.`,
    );
  return { seconds, processor, headEpoch: await timeHead({ model, rows, folder, note }) };
}

const LABELS = {
  peft: "dropout in the frozen layers (peft's)",
  without: "no dropout there, no cache",
  empty: "with the cache, empty at first",
  full: "with the cache of an earlier run",
} as const;

/** Seconds of the last epoch of a head alone. */
async function timeHead({ model, rows, folder, note }: Settings): Promise<number> {
  const classifier = await loadClassifier(model, { seed: 42 });
  classifier.trainHead();
  const starts: number[] = [];
  const way: Way = { frozenPrefixDropout: false, frozenPrefixCache: true, frozenPrefixCacheDir: join(folder, "head") };
  for await (const event of train(classifier, { train: rows.train, numTrainEpochs: EPOCHS, ...way }))
    if (event.type === "step" && Number.isInteger(event.epoch)) starts.push(performance.now());
  classifier.dispose();
  const last = (starts[EPOCHS - 1] - starts[EPOCHS - 2]) / 1000;
  note(`An epoch of the head alone over ${rows.train.length} texts: ${(1000 * last).toFixed(0)} ms.`);
  return last;
}

/** Accuracy on the study's validation texts after three epochs, with peft's dropout and without it below. */
async function compareAccuracy({ model, rows, folder, note }: Settings, seeds: number): Promise<object> {
  const accuracy: { seed: number; peft: number; without: number }[] = [];
  const cached: Way = {
    frozenPrefixDropout: false,
    frozenPrefixCache: true,
    frozenPrefixCacheDir: join(folder, "seeds"),
  };
  for (let seed = 1; seed <= seeds; seed++) {
    const [peft, without] = [
      await accuracyOf({ model, rows, seed, way: {} }),
      await accuracyOf({ model, rows, seed, way: cached }),
    ];
    accuracy.push({ seed, peft, without });
    note(`Seed ${seed}: accuracy ${peft.toFixed(3)} with dropout in the frozen layers, ${without.toFixed(3)} without.`);
  }
  const difference = accuracy.map(({ peft, without }) => without - peft);
  note(differenceSentence("Without dropout in the frozen layers", { difference, mostPoints: 1 }));
  return { accuracy };
}

async function accuracyOf(of: { model: string; rows: Rows; seed: number; way: Way }): Promise<number> {
  const classifier = await withTopTwo(of.model, of.seed);
  await timeOf(classifier, { train: of.rows.train, seed: of.seed, ...of.way });
  const result = await evaluate(classifier, of.rows.validation);
  classifier.dispose();
  return result.accuracy;
}

async function withTopTwo(model: string, seed: number): Promise<SequenceClassifier> {
  const classifier = await loadClassifier(model, { seed });
  classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: 0.1, layersToTransform: TOP_TWO });
  return classifier;
}

async function timeOf(classifier: SequenceClassifier, options: TrainOptions): Promise<number> {
  const started = performance.now();
  for await (const event of train(classifier, { numTrainEpochs: EPOCHS, seed: 42, ...options }))
    if (event.type === "warning" && event.kind === "frozen-prefix") throw new Error(event.message);
  return (performance.now() - started) / 1000;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
