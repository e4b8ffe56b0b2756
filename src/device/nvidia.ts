import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { setUpFolder } from "../base/places";
import { findLibraries, wheelFolders } from "../base/find-library";

/** A library that TensorFlow 2.21 with CUDA opens by name. Without it TensorFlow cannot use the GPU. */
export interface CudaLibrary {
  readonly file: string;
  /** The wheel from which set-up takes the library; undefined for the driver's own library. */
  readonly wheel?: string;
  readonly path?: string;
}

/** The parts of NVIDIA's driver that were found. */
export interface NvidiaDriver {
  /** Whether the kernel module is loaded; inside WSL, whether the device exists. */
  readonly loaded: boolean;
  readonly version?: string;
  /** Path of libcuda.so.1, through which programs use the driver. */
  readonly library?: string;
}

/** One NVIDIA GPU. Memory in bytes. */
export interface NvidiaGpu {
  readonly name: string;
  readonly memory?: number;
  readonly freeMemory?: number;
  readonly computeCapability?: string;
}

/** Libraries that `dso_loader.cc` of TensorFlow 2.21 opens, in the versions that its wheel is built against. */
const LIBRARIES: readonly CudaLibrary[] = [
  { file: "libcuda.so.1" },
  { file: "libcudart.so.12", wheel: "nvidia-cuda-runtime-cu12" },
  { file: "libcublas.so.12", wheel: "nvidia-cublas-cu12" },
  { file: "libcublasLt.so.12", wheel: "nvidia-cublas-cu12" },
  { file: "libcufft.so.11", wheel: "nvidia-cufft-cu12" },
  { file: "libcusolver.so.11", wheel: "nvidia-cusolver-cu12" },
  { file: "libcusparse.so.12", wheel: "nvidia-cusparse-cu12" },
  { file: "libcudnn.so.9", wheel: "nvidia-cudnn-cu12" },
];

/** NVIDIA's driver; undefined if no part of it was found. */
export function nvidiaDriver(): NvidiaDriver | undefined {
  const library = findLibraries(["libcuda.so.1"]).get("libcuda.so.1");
  const file = "/proc/driver/nvidia/version";
  const version = existsSync(file)
    ? /Kernel Module(?: for \S+)?\s+(\d+(?:\.\d+)+)/.exec(readFileSync(file, "utf8"))?.[1]
    : undefined;
  const loaded = existsSync(file) || existsSync("/dev/nvidiactl") || existsSync("/dev/dxg");
  // Some virtual machines without WSL have /dev/dxg too, so there the library decides.
  if (library === undefined && !existsSync(file) && !existsSync("/dev/nvidiactl")) return undefined;
  return { loaded, ...(version === undefined ? {} : { version }), ...(library === undefined ? {} : { library }) };
}

/** Finds the libraries that TensorFlow with CUDA opens: in the wheels that set-up unpacked, or as the loader does. */
export function cudaLibraries(tensorflow = join(setUpFolder(), "tensorflow")): readonly CudaLibrary[] {
  const found = findLibraries(
    LIBRARIES.map(({ file }) => file),
    { folders: wheelFolders(tensorflow) },
  );
  return LIBRARIES.map((library) => {
    const path = found.get(library.file);
    return path === undefined ? library : { ...library, path };
  });
}

/** The GPUs that nvidia-smi lists; without nvidia-smi, their names from the driver's files. Takes about a second. */
export function nvidiaGpus(): readonly NvidiaGpu[] {
  const query = spawnSync(
    "nvidia-smi",
    ["--query-gpu=name,memory.total,memory.free,compute_cap", "--format=csv,noheader,nounits"],
    { encoding: "utf8", timeout: 20_000 },
  );
  if (query.status === 0) return parseSmi(query.stdout);
  const folder = "/proc/driver/nvidia/gpus";
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((gpu) => ({
    name: /^Model:\s*(.+)$/m.exec(readFileSync(join(folder, gpu, "information"), "utf8"))?.[1]?.trim() ?? gpu,
  }));
}

/** Parses nvidia-smi's lines: name, total MiB, free MiB, compute capability. */
export function parseSmi(text: string): NvidiaGpu[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name, memory, free, capability] = line.split(",").map((part) => part.trim());
      const bytes = (mebibytes: string | undefined): number | undefined =>
        Number.isFinite(Number(mebibytes)) ? Number(mebibytes) * 2 ** 20 : undefined;
      const [total, left] = [bytes(memory), bytes(free)];
      return {
        name,
        ...(total === undefined ? {} : { memory: total }),
        ...(left === undefined ? {} : { freeMemory: left }),
        ...(/^\d+\.\d+$/.test(capability ?? "") ? { computeCapability: capability } : {}),
      };
    });
}
