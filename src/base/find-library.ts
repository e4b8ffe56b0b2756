import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const FOLDERS = [
  "/usr/lib/x86_64-linux-gnu",
  "/usr/lib/aarch64-linux-gnu",
  "/usr/lib64",
  "/usr/lib",
  "/lib64",
  "/usr/lib/wsl/lib",
  "/usr/local/nvidia/lib64",
  "/usr/local/cuda/lib64",
  "/opt/cuda/lib64",
];

/**
 * Finds shared libraries by file name as the loader does: in the given folders, in LD_LIBRARY_PATH, in the loader's
 * cache, then in the folders of drivers.
 *
 * @param names - file names, such as "libcudart.so.12"
 * @returns the path of each library found
 */
export function findLibraries(
  names: readonly string[],
  options: { folders?: readonly string[] } = {},
): Map<string, string> {
  const first = [
    ...(options.folders ?? []),
    ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter((folder) => folder !== ""),
  ];
  const cached = process.platform === "linux" ? loaderCache() : new Map<string, string>();
  const found = new Map<string, string>();
  for (const name of names) {
    const inFolder = (folders: readonly string[]): string | undefined =>
      folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
    const path = inFolder(first) ?? cached.get(name) ?? inFolder(FOLDERS);
    if (path !== undefined) found.set(name, path);
  }
  return found;
}

/**
 * The RUNPATH of libtensorflow_framework.so.2 of TensorFlow 2.21. cusolver's folder is missing, so set-up also puts
 * cusolver into the folder of cublas.
 */
const LOOKED_IN = ["cublas", "cuda_cupti", "cuda_runtime", "cudnn", "cufft", "cusparse", "nccl", "nvshmem"];

/**
 * Folders where TensorFlow looks for the libraries of NVIDIA's wheels, beside its own, as in Python's site-packages.
 */
export function wheelFolders(tensorflow: string): string[] {
  return LOOKED_IN.map((part) => join(tensorflow, "nvidia", part, "lib")).filter((folder) => existsSync(folder));
}

let cache: Map<string, string> | undefined;

function loaderCache(): Map<string, string> {
  if (cache !== undefined) return cache;
  cache = new Map();
  for (const command of ["/sbin/ldconfig", "/usr/sbin/ldconfig", "ldconfig"]) {
    const { status, stdout } = spawnSync(command, ["-p"], { encoding: "utf8", timeout: 5000 });
    if (status !== 0) continue;
    for (const [, name, path] of stdout.matchAll(/^\s+(\S+) .*=> (\S+)$/gm))
      if (!cache.has(name) && existsSync(path)) cache.set(name, path);
    break;
  }
  return cache;
}
