import assert from "node:assert/strict";
import { cp, mkdir, readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

import type { Random } from "../../../src/base/random";
import { writeChecksums } from "../../../src/training/checkpoint/folder-checksums";
import { LOG_FILE } from "../../../src/training/log/training-log";
import { train } from "../../../src/training/train";
import type { TrainOptions } from "../../../src/training/options/train-options";
import { classifier, data, hashOfWeights, ops, runToEnd, validation } from "../../training/tiny";
import { damageFile, type FileFormat } from "../damage-file";
import type { FuzzCase, FuzzTarget } from "../fuzz-target";

const OPTIONS: Partial<TrainOptions> = {
  maxSteps: 6,
  perDeviceTrainBatchSize: 4,
  evalSteps: 2,
  saveSteps: 2,
  saveTotalLimit: 3,
  loadBestModelAtEnd: true,
};

/** The step whose checkpoint is damaged; two more are trained from it. */
const STEP = 4;

/** The keys of trainer_state.json that decide the rest of a run. */
const DECISIVE = /^(global_step|epoch|tslora|tslora\.(version|optimizerSteps|dropoutDraws|identity.*|evaluationDue))$/;

let run = "";
let wanted = "";

/** Checkpoint folders, sealed again or not after the damage. */
export const checkpoints: FuzzTarget = {
  name: "checkpoints",
  async prepare(folder: string) {
    run = join(folder, "run");
    const c = await fresh();
    await runToEnd(c, { ...OPTIONS, train: data.slice(0, 24), validation: validation.slice(0, 8), outputDir: run });
    wanted = await hashOfWeights(c);
    c.dispose();
  },
  async damage(folder: string, random: Random): Promise<FuzzCase> {
    const directory = join(folder, `checkpoint-${STEP}`);
    await mkdir(directory);
    for (const name of await readdir(run)) {
      if (name === LOG_FILE || /^checkpoint-\d+$/.test(name))
        await cp(join(run, name), join(folder, name), { recursive: true });
    }
    const files = (await readdir(directory)).sort();
    const name = files[random.below(files.length)];
    const before = await readFile(join(directory, name));
    const damage = await damageFile(join(directory, name), formatOf(name), random);
    // A pipe has no end to read.
    const isFile = (await stat(join(directory, name)).catch(() => undefined))?.isFile() === true;
    const sealed = random.below(2) === 0 && isFile;
    if (sealed) await writeChecksums(directory);
    const after = isFile ? await readFile(join(directory, name)) : undefined;
    const same = after?.equals(before) === true;
    return {
      changes: [...damage.changes, ...(sealed ? ["sealed again"] : [])],
      mustRefuse: same
        ? undefined
        : sealed
          ? sealedReason(name, damage, sameJson(before, after))
          : `${name} is not what the checksums say`,
      async read() {
        const alive = ops.alive();
        const c = await fresh();
        try {
          const options = {
            ...OPTIONS,
            train: data.slice(0, 24),
            validation: validation.slice(0, 8),
            learningRate: 0.02,
            outputDir: join(folder, "out"),
          };
          for await (const event of train(c, { ...options, resumeFrom: directory })) void event;
          const hash = await hashOfWeights(c);
          const mayDiffer = name.endsWith(".safetensors"); // other finite numbers of the same shape show nowhere
          return hash === wanted || mayDiffer ? undefined : "the run ends with other weights";
        } finally {
          c.dispose();
          assert.equal(ops.alive(), alive, "tensors are left behind");
        }
      },
    };
  },
  close: () => undefined,
};

async function fresh(): ReturnType<typeof classifier> {
  const c = await classifier("bert", { dropout: 0.1 });
  c.addAdapter({ r: 2, loraDropout: 0.2 });
  return c;
}

/** Whether two texts are JSON of one meaning to a state's reader, which takes a key that is missing as null. */
function sameJson(before: Buffer, after: Buffer | undefined): boolean {
  const withoutNulls = (bytes: Buffer): unknown =>
    JSON.parse(bytes.toString(), (_, value: unknown) => (value === null ? undefined : value));
  try {
    return after !== undefined && isDeepStrictEqual(withoutNulls(before), withoutNulls(after));
  } catch {
    return false; // no JSON any more
  }
}

function formatOf(name: string): FileFormat {
  return name.endsWith(".json") ? "json" : name.endsWith(".safetensors") ? "safetensors" : "text";
}

/** Decides whether a checkpoint whose checksums are right again still shows the damage. */
function sealedReason(
  name: string,
  damage: Awaited<ReturnType<typeof damageFile>>,
  isSameJson: boolean,
): string | undefined {
  if (!["optimizer.safetensors", "trainer_state.json"].includes(name)) return undefined; // not read when a run resumes
  if (damage.mustRefuse !== undefined) return damage.mustRefuse;
  return name === "trainer_state.json" &&
    !isSameJson &&
    damage.path !== undefined &&
    DECISIVE.test(damage.path.join("."))
    ? `${damage.path.join(".")} contradicts the run`
    : undefined;
}
