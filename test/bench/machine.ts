import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";

/** Machine of the measurements. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Instruction sets that matrix products gain by. */
  readonly features: readonly string[];
}

const FEATURES = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8"];

export function describeMachine(): Machine {
  let info = "";
  try {
    info = readFileSync("/proc/cpuinfo", "utf8");
  } catch {
    // not Linux: the model's name has to do
  }
  const value = (name: string): string => new RegExp(`^${name}\\s*:\\s*(.*)$`, "m").exec(info)?.[1] ?? "";
  const flags = new Set(value("flags").split(" "));
  const family = value("cpu family") === "" ? "" : ` (family ${value("cpu family")}, model ${value("model")})`;
  return {
    processor: `${cpus()[0]?.model.trim() ?? "unknown"}${family}`,
    cores: cpus().length,
    memoryGiB: totalmem() / 2 ** 30,
    kernel: release(),
    features: FEATURES.filter((feature) => flags.has(feature)),
  };
}

/** A sentence on the machine. */
export function machineSentence({ processor, cores, memoryGiB, kernel, features }: Machine): string {
  return `${processor}, ${cores} cores, ${memoryGiB.toFixed(1)} GiB, Linux ${kernel}, ${features.join(" ")}`;
}

/** The load average of the last minute, for each core. */
export function loadPerCore(): number {
  return loadavg()[0] / cpus().length;
}
