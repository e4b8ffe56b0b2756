import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { JobDriver } from "./drivers/job-driver";
import { LocalDriver } from "./drivers/local/local-driver";
import { openStore } from "./store/open-store";

/** Where jobs are stored, and what runs them. */
export interface DriverOptions {
  /**
   * The folder of documents, results and checkpoints; with several machines, one that all of them share, or
   * `s3://BUCKET/PREFIX`.
   */
  readonly store: string;
  /** Job processes on this machine at the same time. @default TSLORA_WORKERS, or as many as memory and cores allow */
  readonly workers?: number;
  /** URL of a Redis whose workers run the jobs, `redis://` or `rediss://`. @default TSLORA_REDIS, or none */
  readonly redis?: string;
  /** `submit` runs the jobs as arrays of SLURM, `script` writes the arrays' scripts and waits. @default this machine */
  readonly slurm?: "submit" | "script";
  /** Further arguments of `sbatch`, such as `--time=2:00:00`. @default none */
  readonly sbatch?: readonly string[];
  /** Receives sentences for the user. @default none */
  readonly onNotice?: (text: string) => void;
}

/** Arguments of `sbatch` by which the driver finds its tasks, or waits for them. */
const OWN_ARGUMENTS = /^(--(job-name|array|wait|wrap)(=|$)|-[JaW])/;

/**
 * Opens the driver that options name: local child processes, unless they name Redis or SLURM.
 *
 * @throws TsloraError `bad-option` if the options do not fit together, `not-saved` if the store cannot be written,
 *   `unreachable` if Redis does not answer
 */
export async function openDriver(options: DriverOptions): Promise<JobDriver> {
  const { redis = process.env.TSLORA_REDIS, slurm, sbatch, onNotice } = options;
  if (options.redis !== undefined && slurm !== undefined)
    throw new TsloraError("bad-option", "redis and slurm must not be given together. Choose one of them.");
  if (sbatch !== undefined && slurm === undefined)
    throw new TsloraError(
      "bad-option",
      "sbatch needs slurm, to whose jobs it applies. Give slurm too: submit or script.",
    );
  const own = sbatch?.find((argument) => OWN_ARGUMENTS.test(argument));
  if (own !== undefined)
    throw new TsloraError(
      "bad-option",
      `sbatch must not hold --job-name, --array, --wait or --wrap: tslora sets names and arrays, and finds its tasks by them; got ${shownValue(own)}. Leave it out.`,
    );
  const store = await openStore(options.store);
  if (slurm !== undefined) {
    if (store.kind !== "folder")
      throw new TsloraError(
        "bad-option",
        `The store of SLURM's jobs must be a folder that all nodes share, in which their scripts are; got ${store.place}. Choose a folder, or Redis.`,
      );
    const { SlurmDriver } = await import("./drivers/slurm/slurm-driver.js");
    return new SlurmDriver({ store, mode: slurm, sbatch, onNotice });
  }
  if (redis !== undefined && redis !== "") {
    const { BullmqDriver } = await import("./drivers/bullmq/bullmq-driver.js");
    return BullmqDriver.open({ redis, store, onNotice });
  }
  return new LocalDriver({ store, workers: options.workers ?? workersOfEnvironment() });
}

/** The number of TSLORA_WORKERS. */
export function workersOfEnvironment(): number | undefined {
  const text = process.env.TSLORA_WORKERS ?? "";
  if (text === "") return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new TsloraError("bad-option", `TSLORA_WORKERS must be a whole number of at least 1; got ${text.slice(0, 40)}.`);
}
