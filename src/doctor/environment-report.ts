import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { arch, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";

import { packageFolder, places, setUpCommand, setUpFolder } from "../base/places";
import type { Device } from "../device/device";
import { deviceRows } from "./device-rows";
import type { EnvironmentRow } from "./environment-row";

/** A report on the machine on which notebooks run. */
export interface EnvironmentReport {
  readonly rows: readonly EnvironmentRow[];
  /** The default device; undefined if TensorFlow does not load. */
  readonly device?: Device;
}

const PACKAGES = ["@tensorflow/tfjs", "danfojs-node", "@xenova/transformers", "tslab", "plotly.js-dist"] as const;

/** Checks machine, TensorFlow, GPUs, packages, encoder and data. Returns plain values for a table. */
export async function environmentReport(): Promise<EnvironmentReport> {
  const { project } = places();
  const processors = cpus();
  const disk = await statfs(project);
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const ok = (name: string, value: string): EnvironmentRow => ({ name, value, status: "ok" });
  const { rows: ofDevices, device } = await deviceRows();
  const rows: EnvironmentRow[] = [
    ok("Node", `${process.version} on ${platform()} ${arch()}`),
    ok("Processor", `${processors[0]?.model ?? "unknown"}, ${processors.length} cores`),
    ok("Memory", gigabytes(totalmem())),
    ok("Free disk", gigabytes(disk.bavail * disk.bsize)),
    ...ofDevices,
  ];
  for (const name of PACKAGES) {
    const folder = packageFolder(name);
    const manifest = folder === undefined ? undefined : await readFile(join(folder, "package.json"), "utf8");
    rows.push(
      manifest === undefined
        ? { name, value: "not there", status: "missing", advice: `run ${setUpCommand()}` }
        : ok(name, (JSON.parse(manifest) as { version: string }).version),
    );
  }
  const encoder = existsSync(join(setUpFolder(), "models", "all-MiniLM-L6-v2", "model.safetensors"));
  rows.push(
    encoder
      ? ok("Embedded encoder", "all-MiniLM-L6-v2")
      : { name: "Embedded encoder", value: "not there", status: "missing", advice: `run ${setUpCommand()}` },
  );
  const archives = [
    process.env.TSLORA_DATA,
    join(project, "data", "Dataset.zip"),
    join(setUpFolder(), "data", "Dataset.zip"),
  ];
  const dataset = archives.find((place) => place !== undefined && existsSync(place));
  rows.push(
    dataset === undefined
      ? {
          name: "Dataset.zip",
          value: "not given",
          status: "note",
          advice: "set TSLORA_DATA, or put it into data/; else the texts come from PubMed or the embedded sample",
        }
      : ok("Dataset.zip", "given"),
  );
  return { rows, ...(device === undefined ? {} : { device }) };
}
