import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { join, resolve } from "node:path";

import { isRecord } from "../../base/json";
import { packageVersion } from "../../base/package-version";
import { packageFolder, places } from "../../base/places";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { isKernelOps } from "../../ops/kernel-ops";
import type { EnvironmentFacts } from "./evidence";

/** Packages whose versions can change numbers. */
const PACKAGES = ["@tensorflow/tfjs", "danfojs-node", "@xenova/transformers"] as const;

/** The machine and the software of this process. */
export async function environmentFacts({ device, model }: SequenceClassifier): Promise<EnvironmentFacts> {
  const processors = cpus();
  return {
    versions: await versions(device?.backend),
    platform: `${platform()} ${arch()}`,
    processor: processors[0]?.model.trim() || "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    ...(isKernelOps(model.ops) ? { instructions: model.ops.instructions } : {}),
    ...(device === undefined ? {} : { device: { kind: device.kind, name: device.name, backend: device.backend } }),
    peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
  };
}

async function versions(backend: string | undefined): Promise<Record<string, string>> {
  const found: Record<string, string> = { tslora: packageVersion() };
  const commit = await commitOf();
  if (commit !== undefined) found["tslora's commit"] = commit;
  found.Node = process.versions.node;
  if (backend !== undefined) found.backend = backend;
  for (const name of PACKAGES) {
    const folder = packageFolder(name);
    const version = folder === undefined ? undefined : await versionIn(folder);
    if (version !== undefined) found[name] = version;
  }
  return found;
}

async function versionIn(folder: string): Promise<string | undefined> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  return isRecord(manifest) && typeof manifest.version === "string" ? manifest.version : undefined;
}

/**
 * The commit of the clone, with `-dirty` for changed files; undefined for an installed package, and where there is no
 * git.
 */
async function commitOf(): Promise<string | undefined> {
  const { root, installed } = places();
  if (installed) return undefined;
  const top = await git(["rev-parse", "--show-toplevel"], root);
  if (top === undefined || resolve(top) !== resolve(root)) return undefined;
  return git(["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"], root);
}

function git(args: readonly string[], cwd: string): Promise<string | undefined> {
  return new Promise((done) => {
    execFile("git", [...args], { cwd, timeout: 10_000, windowsHide: true }, (error, stdout) =>
      done(error === null && stdout.trim() !== "" ? stdout.trim() : undefined),
    );
  });
}
