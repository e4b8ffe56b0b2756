import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { median } from "../../src/base/median";
import { projectRoot } from "../../src/base/project-root";
import { Random } from "../../src/base/random";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { readEncoderConfig } from "../../src/model/encoder-config";
import { expectedShapes } from "../../src/model/expected-shapes";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { graphOps } from "../../src/ops/graph-ops";
import { loadTensorFlow } from "../../src/ops/load-tensorflow";
import type { Ops } from "../../src/ops/ops";
import { sizeOf } from "../../src/ops/tensor";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";
import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import { train } from "../../src/training/train";
import { HELP, OPTIONS } from "./graph-options.cjs";
import { describeMachine, loadPerCore, machineSentence } from "./machine";
import { loadStudyData } from "./study-data";

const EMBEDDED = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");
const FILES = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"];
/** Steps of a round; the first ones record functions and are not measured. */
const STEPS = 60;
const RECORDING = 30;
const WORDS = 12;

/** Sizes of a BERT model. */
interface Sizes {
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
}

/** Writes a model of random weights with the embedded encoder's vocabulary. */
async function writeModel({ width, heads, layers }: Sizes, parent: string): Promise<string> {
  const folder = join(parent, `width-${width}`);
  await mkdir(folder);
  const config = {
    ...(JSON.parse(await readFile(join(EMBEDDED, "config.json"), "utf8")) as Record<string, unknown>),
    hidden_size: width,
    intermediate_size: 2 * width,
    num_attention_heads: heads,
    num_hidden_layers: layers,
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  for (const file of FILES) await copyFile(join(EMBEDDED, file), join(folder, file));
  const random = new Random(1);
  const shapes = expectedShapes(await readEncoderConfig(folder), 2);
  const tensors = [...shapes].map(([name, shape]) => ({
    name,
    shape,
    values: Float32Array.from({ length: sizeOf(shape) }, () => 0.1 * random.normal()),
  }));
  await writeSafetensors(join(folder, "model.safetensors"), { tensors });
  return folder;
}

async function withAdapter(folder: string, ops: Ops): Promise<SequenceClassifier> {
  const { model, newlyInitialized } = await loadClassificationModel(folder, { ops, numLabels: 2, seed: 1 });
  const classifier = new SequenceClassifier({
    model,
    tokenizer: await loadTokenizer(folder, { maxLength: 512 }),
    labels: ["NEGATIVE", "POSITIVE"],
    origin: { id: "narrow", directory: folder, notice: "" },
    newlyInitialized,
    seed: 1,
  });
  classifier.addAdapter({ r: 8, loraDropout: 0.1 });
  return classifier;
}

/** Median milliseconds of a step, and calls of TensorFlow in one. */
async function timeSteps(folder: string, ops: Ops): Promise<{ milliseconds: number; calls: number }> {
  const { binding } = loadTensorFlow();
  const classifier = await withAdapter(folder, ops);
  const examples = Array.from({ length: 4 * STEPS }, (_, i) => ({
    text: Array.from({ length: WORDS }, (_word, k) => ["good", "bad", "trial", "patients"][(i + k * i) % 4]).join(" "),
    label: i % 2,
  }));
  const times: number[] = [];
  let [last, executed, calls] = [performance.now(), binding.executions(), 0];
  const options = { maxSteps: STEPS, perDeviceTrainBatchSize: 4, loggingSteps: 1 };
  for await (const event of train(classifier, { train: examples, ...options })) {
    if (event.type !== "step") continue;
    const [now, count] = [performance.now(), binding.executions()];
    if (event.step > RECORDING) times.push(now - last);
    [last, calls, executed] = [now, count - executed, count];
  }
  classifier.dispose();
  return { milliseconds: median(times), calls };
}

/** An epoch of the study: functions that it records. */
async function recordEpoch(folder: string, texts: number): Promise<Record<string, number | string>> {
  const data = await loadStudyData();
  const ops = graphOps();
  const classifier = await withAdapter(folder, ops);
  const examples = data.train.texts.slice(0, texts).map((text, i) => ({ text, label: data.train.labels[i] }));
  const run = train(classifier, { train: examples, numTrainEpochs: 1, perDeviceTrainBatchSize: 16 });
  let [steps, functions] = [0, 0];
  for await (const event of run) {
    if (event.type === "step") steps = event.step;
    functions = Math.max(functions, ops.recording?.counts().functions ?? 0);
  }
  const { recorded = 0, calls = 0, recordingSeconds = 0 } = ops.recording?.counts() ?? {};
  classifier.dispose();
  return { source: data.source, texts: examples.length, steps, functions, recorded, calls, recordingSeconds };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return console.log(HELP);
  const rounds = Number(values.rounds);
  const texts = values.texts === undefined ? Infinity : Number(values.texts);
  if (!Number.isInteger(rounds) || rounds < 1 || !(texts > 0)) throw new RangeError(HELP);
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  note(`Machine: ${machineSentence(describeMachine())}; load average a core ${loadPerCore().toFixed(2)}.`);
  const parent = await mkdtemp(join(tmpdir(), "tslora-bench-graph-"));
  try {
    const narrow = await writeModel({ width: 16, heads: 2, layers: 3 }, parent);
    const ratios: number[] = [];
    const ways = { separate: tensorflowOps(), graph: graphOps() };
    for (let round = 0; round < rounds; round++) {
      const separate = await timeSteps(narrow, ways.separate);
      const graph = await timeSteps(narrow, ways.graph);
      ratios.push(separate.milliseconds / graph.milliseconds);
      const shown = ({ milliseconds, calls }: typeof graph): string =>
        `${milliseconds.toFixed(2)} ms, ${calls} calls of TensorFlow`;
      note(
        `Round ${round + 1}: a step of separate operations ${shown(separate)}; in graph functions ${shown(graph)}: ` +
          `${(separate.milliseconds / graph.milliseconds).toFixed(2)} times as fast.`,
      );
    }
    note(`Width 16: a step ${median(ratios).toFixed(2)} times as fast, the median of ${rounds} rounds.`);
    const epoch = await recordEpoch(await writeModel({ width: 24, heads: 12, layers: 6 }, parent), texts);
    note(
      `An epoch of ${epoch.texts} texts (${epoch.source}), ${epoch.steps} steps: ${epoch.functions} functions, ` +
        `recorded ${epoch.recorded} times in ${Number(epoch.recordingSeconds).toFixed(1)} s, ${epoch.calls} calls.`,
    );
    await writeAtomically(
      join(projectRoot(), "output", "bench", "graph.json"),
      `${JSON.stringify({ date: new Date().toISOString(), lines, ratios, epoch }, undefined, 2)}\n`,
    );
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
