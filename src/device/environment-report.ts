import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";

import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { loadTensorFlow } from "./load-tensorflow";

/** One thing that was looked at. */
export interface EnvironmentRow {
  readonly name: string;
  readonly value: string;
  readonly status: "ok" | "missing" | "note";
  /** What to do about it. */
  readonly advice?: string;
}

/** What the notebooks will run on. */
export interface EnvironmentReport {
  readonly rows: readonly EnvironmentRow[];
}

const PACKAGES = ["@tensorflow/tfjs", "danfojs-node", "@xenova/transformers", "tslab", "plotly.js-dist"] as const;
const DRIVER_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/lib/wsl/lib", "/usr/local/nvidia/lib64"];

/** Looks at machine, TensorFlow, GPU, packages, encoder and data: plain values for a table. */
export async function environmentReport(): Promise<EnvironmentReport> {
  const root = projectRoot();
  const processors = cpus();
  const disk = await statfs(root);
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const ok = (name: string, value: string): EnvironmentRow => ({ name, value, status: "ok" });
  const rows: EnvironmentRow[] = [
    ok("Node", `${process.version} on ${platform()} ${arch()}`),
    ok("Processor", `${processors[0]?.model ?? "unknown"}, ${processors.length} cores`),
    ok("Memory", gigabytes(totalmem())),
    ok("Free disk", gigabytes(disk.bavail * disk.bsize)),
    ...tensorflowRows(),
  ];
  for (const name of PACKAGES) {
    const manifest = await readFile(join(root, "node_modules", name, "package.json"), "utf8").catch(() => undefined);
    rows.push(manifest === undefined ? { name, value: "not there", status: "missing", advice: "run npm run setup" } : ok(name, (JSON.parse(manifest) as { version: string }).version));
  }
  const encoder = existsSync(join(root, ".tslora", "models", "all-MiniLM-L6-v2", "model.safetensors"));
  rows.push(encoder ? ok("Embedded encoder", "all-MiniLM-L6-v2") : { name: "Embedded encoder", value: "not there", status: "missing", advice: "run npm run setup" });
  const places = [process.env.TSLORA_DATA, join(root, "data", "Dataset.zip"), join(root, ".tslora", "data", "Dataset.zip")];
  const dataset = places.find((place) => place !== undefined && existsSync(place));
  rows.push(
    dataset === undefined
      ? { name: "Dataset.zip", value: "not given", status: "note", advice: "set TSLORA_DATA, or put it into data/; else PubMed is asked, then the embedded sample is taken" }
      : ok("Dataset.zip", "given"),
  );
  return { rows };
}

function tensorflowRows(): EnvironmentRow[] {
  const driver = DRIVER_FOLDERS.map((folder) => join(folder, "libcuda.so.1")).find((path) => existsSync(path));
  try {
    const { version, usesGpu } = loadTensorFlow();
    const gpu: EnvironmentRow =
      driver === undefined
        ? { name: "GPU", value: "no NVIDIA driver (libcuda.so.1); TensorFlow runs on the CPU", status: "note" }
        : usesGpu
          ? { name: "GPU", value: `used, by ${driver}`, status: "ok" }
          : { name: "GPU", value: `${driver} is there, but TensorFlow uses no GPU`, status: "missing", advice: "run npm run setup again, which takes the CUDA build where a driver is" };
    return [{ name: "TensorFlow", value: version, status: "ok" }, gpu];
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return [{ name: "TensorFlow", value: error.message, status: "missing", advice: "run npm run setup" }];
  }
}
