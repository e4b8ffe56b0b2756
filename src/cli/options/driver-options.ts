import { redisUrl } from "../../jobs/drivers/bullmq/redis-url";
import { choice, integer, list, path, text, type OptionKind } from "./option-kinds";

/** A Redis' URL. Messages show it without user and password. */
function urlOfRedis(): OptionKind<string> {
  const fromValue = (value: unknown): ReturnType<OptionKind<string>["fromValue"]> => {
    const url = typeof value === "string" ? redisUrl(value) : undefined;
    return url === undefined
      ? {
          ok: false,
          path: "",
          expected: "redis://[user:password@]host[:port][/database] or rediss://…",
          got: "another text",
        }
      : { ok: true, value: url.href };
  };
  return { metavar: "url", repeats: false, fromText: fromValue, fromValue };
}

/** The store of jobs. */
export const STORE_OPTION = {
  store: {
    kind: path("store"),
    help: "folder of jobs, results and checkpoints; with several machines, one that all of them share, or S3-compatible storage",
  },
} as const;

/** The number of job processes. */
export const WORKERS_OPTION = {
  workers: {
    kind: integer(1),
    help: "job processes on this machine at the same time",
    default: "TSLORA_WORKERS, or as many as memory and cores allow",
  },
} as const;

/** The Redis. */
export const REDIS_OPTION = {
  redis: {
    kind: urlOfRedis(),
    help: "URL of a Redis; rediss:// for TLS. TSLORA_REDIS keeps a password out of the list of processes",
  },
} as const;

/** Folders that jobs may read. */
export const INPUTS_OPTION = {
  inputs: {
    kind: list(path("folder"), "folders"),
    help: "folders outside the store from which jobs may read, separated by commas",
    default: "none",
  },
} as const;

/** Options of commands that run jobs: `openDriver` takes their values. */
export const DRIVER_OPTIONS = {
  ...STORE_OPTION,
  ...WORKERS_OPTION,
  ...REDIS_OPTION,
  slurm: {
    kind: choice(["submit", "script"]),
    help: "run the jobs as arrays of SLURM: submit them, or write their scripts, print the command and wait",
  },
  sbatch: {
    kind: list(text("argument", "an argument"), "arguments"),
    help: "further arguments of sbatch, separated by commas, such as --time=2:00:00",
  },
} as const;
