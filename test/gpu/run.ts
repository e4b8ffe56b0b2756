/**
 * `npm run test:gpu`: proves the NVIDIA path in one go. Parity with PyTorch's numbers and with PyTorch itself, epochs
 * of training, the memory they take, and their speed compared with PyTorch's on the same GPU. Writes output/gpu.json.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { median } from "../../src/base/median";
import { outputFolder } from "../../src/base/files/output-folder";
import { projectRoot } from "../../src/base/project-root";
import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { writeAtomically } from "../../src/base/files/write-atomically";
import { loadClassifier } from "../../src/classifier/load-classifier";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { table } from "../../src/cli/terminal/terminal";
import { nvidiaDriver, nvidiaGpus } from "../../src/device/nvidia";
import { openDevice } from "../../src/device/open-device";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import { train } from "../../src/training/train";
import {
  batchOf,
  expectedOf,
  fixtureDirectory,
  gradientsOf,
  maxDifference,
  TINY_MODELS,
  unpack,
} from "../model/fixture";
import { referencePython, referencePythonPath } from "../parity/reference-python";
import { compareGraphSteps, MOST_CALLS } from "./graph-steps";

const PARITY_LINES = ["logits", "gradients", "training", "losses"];
const BOUND = 1e-4;
const TEXTS = 600;
const BATCH = 16;
/** The first ones load kernels and plan for shapes; the median is reported. */
const EPOCHS = 5;
/** Share of a document's tokens that are one of its label's twenty. */
const SHARE = 0.2;
const ENCODER = join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2");

/**
 * Models that are trained: the embedded encoder, and random weights of DistilBERT's size, which the reference
 * environment makes.
 */
interface Trained {
  readonly what: string;
  /** Folder of the embedded encoder; else the folder to make. */
  readonly folder: string;
  readonly embedded: boolean;
}

/** Epochs of both sides: seconds of each. Losses of the first. Memory in bytes. */
interface Compared {
  readonly what: string;
  readonly ours: {
    readonly seconds: readonly number[];
    readonly losses: readonly number[];
    readonly memory: number | null;
  };
  readonly theirs: {
    readonly seconds: readonly number[];
    readonly memory: number;
    readonly torch: string;
    readonly gpu: string;
  };
}

interface Row {
  readonly what: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** Against the numbers that PyTorch wrote into the fixtures. */
async function tinyParity(): Promise<Row[]> {
  const { ops } = await openDevice({ device: "cuda" });
  const rows: Row[] = [];
  for (const kind of TINY_MODELS) {
    const expected = expectedOf(kind);
    const { model } = await loadClassificationModel(fixtureDirectory(kind), { ops, numLabels: 2, seed: 1 });
    for (const parameter of model.parameters()) parameter.trainable = true;
    const batch = batchOf(expected);
    const logits = model.predict(batch);
    const worst = Math.max(
      ...unpack(await ops.read(logits), batch, 2).map((row, i) => maxDifference(row, expected.full.logits[i])),
    );
    ops.dispose(logits);
    const { gradients } = await gradientsOf(model, expected);
    const wanted = expected.full.gradients;
    const worstGradient = Math.max(
      ...[...gradients].map(
        ([name, values]) => maxDifference(values, wanted[name]) / Math.max(...wanted[name].map(Math.abs), 1e-3),
      ),
    );
    rows.push({
      what: `${kind}: logits; gradients, relative`,
      seen: `${worst.toExponential(1)}; ${worstGradient.toExponential(1)}, bound ${BOUND}`,
      ok: worst < BOUND && worstGradient < BOUND,
    });
    model.dispose();
  }
  return rows;
}

/** Steps in graph functions beside separate operations. */
async function graphParity(): Promise<Row[]> {
  return (await compareGraphSteps()).map(({ kind, difference, calls, seconds: [separate, graph], functions }) => ({
    what: `${kind}: 20 steps in graph functions beside separate operations`,
    seen:
      `losses and norms ${difference.toExponential(1)}, bound ${BOUND}; at most ${calls} calls a step, bound ${MOST_CALLS}; ` +
      `${(separate / graph).toFixed(1)} times as fast; recorded ${functions} times`,
    ok: difference < BOUND && calls <= MOST_CALLS,
  }));
}

/** The live comparison's lines that compute on the device, in a process of their own. */
async function liveParity(): Promise<Row> {
  const program = join(projectRoot(), ".tslora", "tests", "test", "parity", "run.js");
  const child = spawn(
    process.execPath,
    [program, "--seed", "1", "--scale", "0.2", ...PARITY_LINES.flatMap((word) => ["--only", word])],
    { stdio: "inherit", env: { ...process.env, TSLORA_DEVICE: "cuda" } },
  );
  const code = await new Promise<number>((resolve) => child.on("close", (status) => resolve(status ?? 1)));
  return {
    what: `live comparison with PyTorch: ${PARITY_LINES.join(", ")}`,
    seen: code === 0 ? "within its bounds" : `ended with ${code}`,
    ok: code === 0,
  };
}

/** Token ids of the lengths of the study's abstracts; the embedded encoder's vocabulary. */
function drawDocuments(): { ids: number[]; label: number }[] {
  const random = new Random(7);
  return Array.from({ length: TEXTS }, (_, i) => {
    const label = i % 2;
    const length = Math.max(16, Math.min(510, Math.round(300 + 90 * random.normal())));
    return {
      label,
      ids: [
        101,
        ...Array.from({ length }, () =>
          random.uniform() < SHARE ? 2000 + 100 * label + random.below(20) : 4000 + random.below(10_000),
        ),
        102,
      ],
    };
  });
}

async function epochs(
  classifier: SequenceClassifier,
  documents: readonly { ids: readonly number[]; label: number }[],
): Promise<{ seconds: number[]; losses: number[] }> {
  const examples = documents.map(({ ids, label }) => ({ text: ids.join(" "), label }));
  const options = { train: examples, perDeviceTrainBatchSize: BATCH, learningRate: 1e-3 };
  // Kernels are loaded, memory is taken.
  for await (const event of train(classifier, { ...options, maxSteps: 3 })) void event;
  const losses: number[] = [];
  const seconds: number[] = [];
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for await (const event of train(classifier, { ...options, numTrainEpochs: 1 })) {
      if (event.type === "step" && epoch === 0) losses.push(event.loss);
      if (event.type === "end") seconds.push(event.elapsedSeconds);
    }
  }
  return { seconds, losses };
}

/** Bytes that this process holds on the GPU, from nvidia-smi. */
function memoryHeld(): number | undefined {
  const { status, stdout } = spawnSync(
    "nvidia-smi",
    ["--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"],
    { encoding: "utf8", timeout: 20_000 },
  );
  const own =
    status === 0
      ? stdout
          .split("\n")
          .map((line) => line.split(",").map(Number))
          .filter(([pid]) => pid === process.pid)
      : [];
  return own.length === 0 ? undefined : own.reduce((sum, [, mebibytes]) => sum + mebibytes * 2 ** 20, 0);
}

/** Epochs in PyTorch, then here: the same documents and batch. */
async function compare(model: Trained, { folder }: { folder: string }): Promise<Compared> {
  const documents = drawDocuments();
  const theirs = (await referencePython(join(projectRoot(), "test", "gpu", "torch-epoch.py"), {
    python: referencePythonPath(),
    folder,
    input: { model: model.folder, documents, batch: BATCH, epochs: EPOCHS },
  })) as Compared["theirs"];
  const tokenizer = {
    maxLength: 512,
    encode: (texts: readonly string[]) =>
      texts.map((text) => ({ ids: Int32Array.from(text.split(" "), Number), truncated: false })),
  };
  const classifier = await loadClassifier(model.embedded ? "embedded" : model.folder, {
    device: "cuda",
    requireGpu: true,
    tokenizer,
    seed: 1,
  });
  classifier.addAdapter({ r: 8, loraAlpha: 16, loraDropout: 0.1, targetModules: "auto" });
  const ours = await epochs(classifier, documents);
  const memory = memoryHeld() ?? null;
  const counts = classifier.model.ops.recording?.counts();
  if (counts !== undefined)
    console.log(
      `${model.what}: ${counts.recorded} functions recorded so far in ${counts.recordingSeconds.toFixed(1)} s, ${counts.calls} calls.`,
    );
  classifier.dispose();
  return { what: model.what, ours: { ...ours, memory }, theirs };
}

function rowsOf({ what, ours, theirs }: Compared): Row[] {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [first, last] = [mean(ours.losses.slice(0, 5)), mean(ours.losses.slice(-5))];
  return [
    {
      what: `${what}: an epoch of ${TEXTS} texts, batch ${BATCH}, LoRA: the median of ${EPOCHS}`,
      seen: `${spread(ours.seconds)}, loss of the first ${first.toFixed(3)} to ${last.toFixed(3)}`,
      ok: last < first,
    },
    {
      what: `the same in PyTorch ${theirs.torch} on ${theirs.gpu}`,
      seen: `${spread(theirs.seconds)}; here ${(median(theirs.seconds) / median(ours.seconds)).toFixed(2)} times as fast`,
      ok: true,
    },
    {
      what: "memory on the GPU: here (held so far), PyTorch (peak reserved)",
      seen: `${ours.memory === null ? "nvidia-smi does not tell" : `${(ours.memory / 1e9).toFixed(2)} GB`}, ${(theirs.memory / 1e9).toFixed(2)} GB`,
      ok: true,
    },
  ];
}

function spread(seconds: readonly number[]): string {
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)})`;
}

async function main(): Promise<number> {
  if (nvidiaDriver() === undefined || nvidiaGpus().length === 0) {
    console.error("no NVIDIA GPU here: nothing was tested (`npx tslora doctor` tells what was looked for)");
    return 6;
  }
  const rows: Row[] = [];
  const { device } = await openDevice({ device: "cuda", requireGpu: true });
  console.log(device.notice);
  rows.push(...(await tinyParity()), ...(await graphParity()), await liveParity());
  const folder = await mkdtemp(join(tmpdir(), "tslora-gpu-"));
  try {
    const models: Trained[] = [
      { what: "MiniLM", folder: ENCODER, embedded: true },
      { what: "DistilBERT's size", folder: join(folder, "distilbert"), embedded: false },
    ];
    const compared: Compared[] = [];
    for (const model of models) compared.push(await compare(model, { folder }));
    rows.push(...compared.flatMap(rowsOf));
    const path = join(outputFolder(), "gpu.json");
    await writeAtomically(
      path,
      `${JSON.stringify({ device, gpus: nvidiaGpus(), driver: nvidiaDriver(), compared, rows }, undefined, 2)}\n`,
    );
    console.log(
      `${table(
        rows.map(({ what, seen, ok }) => [ok ? "ok" : "NOT", what, seen]),
        { left: 3 },
      ).join("\n")}\nWritten to ${path}.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return rows.every(({ ok }) => ok) ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof TsloraError ? error.message : error);
    process.exitCode = error instanceof TsloraError && error.code === "device" ? 6 : 1;
  },
);
