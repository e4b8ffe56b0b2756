import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import type { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { openSafetensors } from "../../src/model/weights/read-safetensors";
import { writeSafetensors } from "../../src/model/weights/write-safetensors";
import { checksumsOf, writeChecksums } from "../../src/training/checkpoint/folder-checksums";
import type { TrainOptions } from "../../src/training/options/train-options";
import { classifier, hashOfWeights, ops, runToEnd } from "./tiny";

const OPTIONS: Partial<TrainOptions> = {
  maxSteps: 6,
  perDeviceTrainBatchSize: 4,
  gradientAccumulationSteps: 2,
  evalSteps: 2,
  saveSteps: 2,
  saveTotalLimit: 3,
  earlyStoppingPatience: 3,
};
let folder = "";
let run = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-edited-"));
  run = join(folder, "run");
  const c = await fresh();
  await runToEnd(c, { ...OPTIONS, outputDir: run });
  c.dispose();
});
after(() => rm(folder, { recursive: true, force: true }));

async function fresh(): Promise<SequenceClassifier> {
  const c = await classifier("bert", { dropout: 0.1 });
  c.addAdapter({ r: 2, loraDropout: 0.2 });
  return c;
}

interface State extends Record<string, unknown> {
  tslora: Record<string, unknown> & {
    files: Record<string, string>;
    gradNorms: number[];
    identity: Record<string, Record<string, unknown>>;
  };
}
const STATE = join("checkpoint-4", "trainer_state.json");
let copies = 0;
const copied = async (edit: (folder: string) => Promise<unknown>): Promise<string> => {
  const copy = join(folder, String(copies++));
  await cp(run, copy, { recursive: true });
  await edit(copy);
  return copy;
};
const editState = async (copy: string, edit: (state: State) => unknown): Promise<void> => {
  const state = JSON.parse(await readFile(join(copy, STATE), "utf8")) as State;
  const edited = edit(state);
  await writeFile(join(copy, STATE), JSON.stringify(edited === undefined ? state : edited));
};
/** Replaces tensors of a file, in order; with one more where its name is new. */
const editTensors = async (
  copy: string,
  name: string,
  edit: (tensor: {
    name: string;
    shape: readonly number[];
    values: Float32Array;
  }) => { name: string; shape: readonly number[]; values: Float32Array }[],
): Promise<void> => {
  const path = join(copy, "checkpoint-4", name);
  const file = await openSafetensors(path);
  const tensors = [];
  for (const entry of file.entries.values())
    tensors.push(...edit({ name: entry.name, shape: entry.shape, values: await file.readFloats(entry.name) }));
  await file.close();
  await writeSafetensors(path, { tensors, metadata: { format: "pt" } });
};
/** Makes the checksums right again: those of the manifest, and, for a thorough forger, those in the state. */
const reseal = async (copy: string, { thorough = false } = {}): Promise<void> => {
  const checkpoint = join(copy, "checkpoint-4");
  await rm(join(checkpoint, "SHA256SUMS"));
  if (thorough) {
    const sums = await checksumsOf(checkpoint);
    sums.delete("trainer_state.json");
    await editState(copy, (state) => void (state.tslora.files = Object.fromEntries(sums)));
  }
  await writeChecksums(checkpoint);
};
const refused = async (copy: string, message: RegExp): Promise<void> => {
  const alive = ops.alive();
  const c = await fresh();
  const [weights, names] = [await hashOfWeights(c), (await readdir(copy)).sort()];
  await assert.rejects(
    runToEnd(c, { ...OPTIONS, outputDir: copy, resumeFrom: join(copy, "checkpoint-4") }),
    (error: unknown) => {
      assert.ok(error instanceof TsloraError, String(error));
      assert.match(error.message, message);
      assert.ok(error.message.length < 6000, `${error.message.length} characters`);
      return true;
    },
  );
  assert.equal(await hashOfWeights(c), weights, "nothing is changed");
  assert.deepEqual((await readdir(copy)).sort(), names, "nothing is written");
  c.dispose();
  assert.equal(ops.alive(), alive, "tensors are left behind");
};

test("a checkpoint with new checksums but without a change is accepted", async () => {
  const copy = await copied((at) => reseal(at, { thorough: true }));
  const [c, whole] = [await fresh(), await fresh()];
  await runToEnd(c, { ...OPTIONS, outputDir: copy, resumeFrom: join(copy, "checkpoint-4") });
  await runToEnd(whole, { ...OPTIONS, outputDir: join(folder, "whole") });
  assert.equal(await hashOfWeights(c), await hashOfWeights(whole));
  c.dispose();
  whole.dispose();
});

test("a checkpoint of the first version, without checksums in its state, is accepted", async () => {
  const copy = await copied((at) =>
    editState(at, (s) => void ((s.tslora.version = 1), delete (s.tslora as { files?: unknown }).files)),
  );
  await reseal(copy);
  const c = await fresh();
  await runToEnd(c, { ...OPTIONS, outputDir: copy, resumeFrom: join(copy, "checkpoint-4") });
  c.dispose();
});

test("numbers that no evaluation can give are refused even without a log for comparison", async () => {
  for (const [edit, message] of [
    [{ best_metric: 1e7 }, /best_metric, which is accuracy, must be from 0 to 1; got 10000000/],
    [{ best_metric: -0.5 }, /best_metric, which is accuracy, must be from 0 to 1; got -0\.5/],
    [{ bestLoss: -1 }, /bestLoss must be from 0; got -1/],
  ] as const) {
    const copy = await copied(async (at) => {
      await rm(join(at, "trainer_log.jsonl"));
      await editState(at, (s) => void Object.assign("bestLoss" in edit ? s.tslora : s, edit));
    });
    await reseal(copy);
    await refused(copy, message);
  }
});

const edits: readonly (readonly [string, (state: State) => unknown, RegExp])[] = [
  [
    "a step beyond the run",
    (s) => void (s.global_step = 1e9),
    /"global_step" must be the step in the folder's name, 4; got 1000000000/,
  ],
  ["step 0", (s) => void (s.global_step = 0), /must be the step in the folder's name/],
  ["half a step", (s) => void (s.global_step = 4.5), /"global_step" must be a whole number from 0; got 4\.5/],
  ["a step as a text", (s) => void (s.global_step = "4"), /"global_step" must be a whole number from 0; got "4"/],
  ["another epoch", (s) => void (s.epoch = 2), /epoch must be 0\.8 at step 4; got 2/],
  ["no epoch", (s) => void delete s.epoch, /"epoch" must be a number from 0; got undefined/],
  ["no steps of the optimizer", (s) => void (s.tslora.optimizerSteps = 0), /optimizerSteps must be 4 at step 4; got 0/],
  [
    "steps of the optimizer below 0",
    (s) => void (s.tslora.optimizerSteps = -4),
    /"tslora\.optimizerSteps" must be a whole number from 0/,
  ],
  [
    "one mask more",
    (s) => void (s.tslora.dropoutDraws = Number(s.tslora.dropoutDraws) + 1),
    /dropoutDraws must be \d+ at step 4; got \d+/,
  ],
  [
    "masks without end",
    (s) => void (s.tslora.dropoutDraws = 1e300),
    /"tslora\.dropoutDraws" must be a whole number from 0/,
  ],
  [
    "patience beyond the evaluations",
    (s) => void (s.tslora.earlyStoppingCount = 9),
    /earlyStoppingCount must be at most the 2 evaluations up to step 4; got 9/,
  ],
  [
    "other patience",
    (s) => void (s.tslora.earlyStoppingCount = Number(s.tslora.earlyStoppingCount) === 1 ? 2 : 1),
    /earlyStoppingCount must be \d after the evaluations/,
  ],
  [
    "collapses beyond the evaluations",
    (s) => void (s.tslora.oneClassEvaluations = 5),
    /oneClassEvaluations must be at most the 2 evaluations/,
  ],
  [
    "an evaluation as a text",
    (s) => void (s.tslora.evaluationDue = "true"),
    /"tslora\.evaluationDue" must be true or false/,
  ],
  [
    "gradients' norms left out",
    (s) => void s.tslora.gradNorms.pop(),
    /the number of gradNorms must be 4 at step 4; got 3/,
  ],
  ["another norm", (s) => void (s.tslora.gradNorms[1] *= 0.5), /the norm of step 2's gradient must be the log's/],
  [
    "a norm that is none",
    (s) => void (s.tslora.gradNorms[1] = -1),
    /"tslora\.gradNorms" must be a list of numbers from 0/,
  ],
  [
    "a best step that was not evaluated",
    (s) => void Object.assign(s, { best_global_step: 3, best_model_checkpoint: "checkpoint-3" }),
    /checkpoint-3|best_global_step must be a step that was evaluated/,
  ],
  [
    "a best step to come",
    (s) => void Object.assign(s, { best_global_step: 6, best_model_checkpoint: "checkpoint-6" }),
    /best_global_step must be a step that was evaluated, up to 4; got 6/,
  ],
  ["a better metric", (s) => void (s.best_metric = 99), /best_metric must be the log's, [\d.]+; got 99/],
  ["another loss", (s) => void (s.tslora.bestLoss = 0), /bestLoss must be the log's, [\d.]+; got 0/],
  ["half a best evaluation", (s) => void (s.best_metric = null), /"best_metric" must be a number; got null/],
  [
    "no best evaluation",
    (s) =>
      void Object.assign(s, {
        best_global_step: null,
        best_metric: null,
        best_model_checkpoint: null,
        tslora: { ...s.tslora, bestLoss: null },
      }),
    /best_global_step must name one of the 2 evaluations/,
  ],
  [
    "another folder of the best",
    (s) => void (s.best_model_checkpoint = "../x"),
    /"best_model_checkpoint" must be "checkpoint-\d"/,
  ],
  ["another version", (s) => void (s.tslora.version = 1), /its version must be 2; got 1/],
  ["no part of ours", (s) => ({ ...s, tslora: [] }), /it was not written by this version of tslora/],
  [
    "no identity",
    (s) => void Object.assign(s.tslora, { identity: null }),
    /"tslora\.identity" must be an object of the objects options, data, model, adapter; got null/,
  ],
  [
    "a group too many in the identity",
    (s) => void Object.assign(s.tslora.identity, { "options ": {} }),
    /"tslora\.identity" must be an object of the objects options, data, model, adapter; got/,
  ],
  [
    "a key that no version wrote",
    (s) => void Object.assign(s.tslora, { "optimizerSteps ": 4 }),
    /"tslora" must have no other keys than version,.*; it has \["optimizerSteps "\]/,
  ],
  [
    "another learning rate",
    (s) => void (s.tslora.identity.options.learningRate = 1),
    /learningRate was 1 and is 0\.02/,
  ],
  ["an option left out", (s) => void delete s.tslora.identity.options.seed, /seed was not given and is 42/],
  ["checksums left out", (s) => void (s.tslora.files = {}), /is not the file that trainer_state\.json was saved with/],
  [
    "a file too many",
    (s) => void (s.tslora.files["../x"] = "0"),
    /\.\.\/x, which trainer_state\.json was saved with, is not in SHA256SUMS/,
  ],
  ["a list", () => [], /trainer_state\.json must hold a JSON object/],
];

test("a state that contradicts the run is refused, also with right checksums", async () => {
  for (const [, edit, message] of edits) {
    const copy = await copied((at) => editState(at, edit));
    await reseal(copy);
    await refused(copy, message);
  }
  const renamed = await copied(async (at) => {
    await rm(join(at, "checkpoint-6"), { recursive: true });
    await rename(join(at, "checkpoint-4"), join(at, "checkpoint-6"));
  });
  const c = await fresh();
  await assert.rejects(
    runToEnd(c, { ...OPTIONS, outputDir: renamed, resumeFrom: "last" }),
    /must be the step in the folder's name, 6; got 4/,
  );
  c.dispose();
});

test("a log that contradicts the state is refused", async () => {
  const log = (edit: (line: Record<string, unknown>) => void): Promise<string> =>
    copied(async (at) => {
      const path = join(at, "trainer_log.jsonl");
      const lines = (await readFile(path, "utf8"))
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      lines.forEach(edit);
      await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    });
  await refused(
    await log((line) => line.step === 2 && "loss" in line && (line.learning_rate = 1)),
    /trainer_log\.jsonl: learning_rate of step 2 must be [\d.]+; got 1/,
  );
  await refused(
    await log((line) => line.step === 3 && (line.epoch = 9)),
    /trainer_log\.jsonl: epoch of step 3 must be 0\.6/,
  );
  await refused(
    await log((line) => line.step === 3 && (line.loss = null)),
    /loss of step 3 must be a number; got null/,
  );
  await refused(
    await log((line) => line.step === 3 && (line.grad_norm = 0)),
    /the norm of step 3's gradient must be the log's, 0; got/,
  );
  await refused(
    await log((line) => "eval_loss" in line && line.step === 2 && (line.eval_accuracy = 2)),
    /best|earlyStopping/,
  );
});

test("tensors of other names, shapes or numbers are refused, also with right checksums", async () => {
  const cases: readonly (readonly [string, string, Parameters<typeof editTensors>[2], RegExp])[] = [
    [
      "halved moments",
      "optimizer.safetensors",
      (t) => [
        t.name.startsWith("exp_avg")
          ? { ...t, shape: [t.shape[0] / 2, ...t.shape.slice(1)], values: t.values.slice(0, t.values.length / 2) }
          : t,
      ],
      /"exp_avg\..*" must have the shape \[.*\] and the type F32; it has \[/,
    ],
    [
      "moments turned over",
      "optimizer.safetensors",
      (t) => [t.name.includes("lora_A") ? { ...t, shape: [...t.shape].reverse() } : t],
      /must have the shape/,
    ],
    [
      "moments left out",
      "optimizer.safetensors",
      (t) => (t.name.startsWith("exp_avg.") ? [] : [t]),
      /optimizer\.safetensors lacks "exp_avg\.[^"]+", .* and \d+ more/,
    ],
    [
      "a tensor too many",
      "optimizer.safetensors",
      (t) => [t, ...(t.name === "exp_avg.base_model.model.classifier.bias" ? [{ ...t, name: "exp_avg.other" }] : [])],
      /holds "exp_avg\.other", which the run does not train/,
    ],
    [
      "second moments below 0",
      "optimizer.safetensors",
      (t) => [t.name.startsWith("exp_avg_sq.") ? { ...t, values: t.values.map((v) => -v - 1) } : t],
      /second moments must not be below 0; "exp_avg_sq/,
    ],
    [
      "moments that are no numbers",
      "optimizer.safetensors",
      (t) => [t.name.startsWith("exp_avg.") ? { ...t, values: t.values.fill(NaN) } : t],
      /NaN/,
    ],
    [
      "other weights beside the adapter's",
      "optimizer.safetensors",
      (t) => [t.name.startsWith("weight.") ? { ...t, values: t.values.map((v) => v / 2) } : t],
      /the adapter's weights must be the same in both files; .* differ/,
    ],
    [
      "other weights in the adapter",
      "adapter_model.safetensors",
      (t) => [{ ...t, values: t.values.map((v) => v + 1) }],
      /the adapter's weights must be the same in both files/,
    ],
    [
      "an adapter without its head",
      "adapter_model.safetensors",
      (t) => (t.name.includes("classifier") ? [] : [t]),
      /adapter_model\.safetensors lacks "base_model\.model\.classifier/,
    ],
  ];
  for (const [, file, edit, message] of cases) {
    const copy = await copied((at) => editTensors(at, file, edit));
    await reseal(copy);
    await refused(
      copy,
      new RegExp(`${file.replace(".", "\\.")} is not the file that trainer_state\\.json was saved with`),
    );
    await reseal(copy, { thorough: true });
    await refused(copy, message);
  }
  const values = await copied((at) =>
    editTensors(at, "optimizer.safetensors", (t) => [
      t.name.startsWith("exp_avg") ? { ...t, values: t.values.map((v) => v / 2) } : t,
    ]),
  );
  await reseal(values);
  await refused(values, /optimizer\.safetensors is not the file that trainer_state\.json was saved with/);
});
