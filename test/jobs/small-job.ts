import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { TsloraError } from "../../src/base/tslora-error";
import type { JobDocument } from "../../src/jobs/contract/job-document";
import type { JobType } from "../../src/jobs/contract/job-type";
import type { JobTypes } from "../../src/jobs/contract/job-types";

/** Settings of {@link smallJob}. */
export interface SmallSettings {
  readonly steps: number;
  /** Milliseconds that a step takes. @default 0 */
  readonly pause?: number;
  /** A file to which each step appends a line, `name step`: it shows what was computed twice. */
  readonly ledger?: string;
  /** Fails with this message. */
  readonly fails?: string;
  /** Blocks its process for these milliseconds in each step, as computing does. */
  readonly blocks?: number;
}

/**
 * A job for tests, under the name of a real type: hashes its seed and its input in steps, with a checkpoint after each.
 */
export const smallJob: JobType = {
  name: "predict-shard",
  settingsSchema: {
    type: "object",
    additionalProperties: false,
    required: ["steps"],
    properties: {
      steps: { type: "integer", minimum: 1 },
      pause: { type: "number" },
      ledger: { type: "string" },
      fails: { type: "string" },
      blocks: { type: "number" },
    },
  },
  async run(document, { resultFolder, workFolder, inputs, progress, signal }) {
    const { steps, pause = 0, ledger, fails, blocks = 0 } = document.settings as unknown as SmallSettings;
    if (fails !== undefined) throw new TsloraError("bad-input", fails);
    const checkpoint = join(workFolder, "state.json");
    let { step, hash } = existsSync(checkpoint)
      ? (JSON.parse(readFileSync(checkpoint, "utf8")) as { step: number; hash: string })
      : { step: 0, hash: `${document.seed}` };
    for (; step < steps; step++) {
      signal.throwIfAborted();
      for (const end = performance.now() + blocks; performance.now() < end;);
      await delay(pause);
      const sum = createHash("sha256").update(`${hash} ${step}`);
      for (const path of inputs) sum.update(await readFile(path));
      hash = sum.digest("hex");
      if (ledger !== undefined) appendFileSync(ledger, `${document.name} ${step}\n`);
      await writeAtomically(checkpoint, JSON.stringify({ step: step + 1, hash }));
      progress({ done: step + 1, total: steps });
    }
    await writeFile(join(resultFolder, "hash.txt"), `${hash}\n`);
    await writeFile(join(resultFolder, "seed.txt"), `${document.seed}\n`.repeat(1000));
    return { hash };
  },
};

/** The types of jobs of the tests. */
export const SMALL_TYPES: JobTypes = {
  "predict-shard": () => Promise.resolve(smallJob),
  "train-trial": () => Promise.reject(new TsloraError("unsupported", "The tests have no trials.")),
};

/** The compiled module that serves {@link SMALL_TYPES}. */
export const SMALL_WORKER = join(__dirname, "small-job-worker.js");

/** Options of a driver in tests. */
export const SMALL_CODE = { types: SMALL_TYPES, entry: SMALL_WORKER } as const;

/** The document of a small job. */
export function smallDocument(
  name: string,
  { seed = 1, inputs = [], ...settings }: SmallSettings & { seed?: number; inputs?: JobDocument["inputs"] },
): JobDocument {
  return { format: 1, type: "predict-shard", name, settings: { ...settings }, seed, inputs };
}

/** The hash that a small job without inputs must find. */
export function smallHash({ seed, settings }: JobDocument): string {
  let hash = `${seed}`;
  for (let step = 0; step < Number(settings.steps); step++)
    hash = createHash("sha256").update(`${hash} ${step}`).digest("hex");
  return hash;
}

/** Steps that a ledger counts more than once. */
export function repeatedSteps(ledger: string): number {
  const lines = existsSync(ledger) ? readFileSync(ledger, "utf8").trim().split("\n") : [];
  return lines.length - new Set(lines).size;
}
