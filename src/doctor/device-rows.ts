import { join } from "node:path";

import { setUpCommand, setUpFolder } from "../base/places";
import { TsloraError } from "../base/tslora-error";
import type { Device } from "../device/device";
import type { EnvironmentRow } from "./environment-row";
import { isKernelOps, type KernelOps } from "../ops/kernel-ops";
import { loadTensorFlow } from "../ops/load-tensorflow";
import { cudaLibraries, nvidiaDriver, nvidiaGpus, type NvidiaDriver } from "../device/nvidia";
import { isCudaBuild, resolveDevice } from "../device/open-device";
import { sharedOps } from "../ops/shared-ops";

/** Rows about devices and missing libraries, and the device that would be used, with the reason. */
export async function deviceRows(): Promise<{ rows: readonly EnvironmentRow[]; device?: Device }> {
  const driver = nvidiaDriver();
  const rows = [
    tensorflowRow(driver),
    ...kernelRows(),
    driverRow(driver),
    ...gpuRows(driver),
    librariesRow(driver),
    await webgpuRow(),
  ];
  try {
    const device = await resolveDevice();
    const unused = device.kind === "cpu" && driver !== undefined && device.asked === "auto";
    return {
      rows: [
        ...rows,
        { name: "Used", value: device.notice.replace(/^Device: /, ""), status: unused ? "missing" : "ok" },
      ],
      device,
    };
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return { rows: [...rows, { name: "Used", value: error.message, status: "missing" }] };
  }
}

function tensorflowRow(driver: NvidiaDriver | undefined): EnvironmentRow {
  try {
    const { version, usesGpu } = loadTensorFlow();
    const cuda = isCudaBuild();
    const value = `${version}, built ${cuda ? "with CUDA" : "for the processor"}${usesGpu ? "; it uses the GPU" : ""}`;
    if (!cuda && driver !== undefined)
      return {
        name: "TensorFlow",
        value,
        status: "missing",
        advice: `TSLORA_TENSORFLOW=cuda ${setUpCommand()} installs the one with CUDA`,
      };
    return { name: "TensorFlow", value, status: "ok" };
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return { name: "TensorFlow", value: error.message, status: "missing", advice: `run ${setUpCommand()}` };
  }
}

/** Row about the native kernels that the processor uses. */
function kernelRows(): EnvironmentRow[] {
  const name = "Kernels";
  try {
    const ops = sharedOps();
    if (!isKernelOps(ops)) return [{ name, value: "TensorFlow's own, on the GPU", status: "ok" }];
    const { instructions } = ops;
    if (process.arch !== "x64") return [{ name, value: "tslora's, compiled for this processor", status: "ok" }];
    if (instructions === "baseline")
      return [
        {
          name,
          value: "tslora's, for any x86-64: the processor has no AVX2, training takes longer",
          status: "note",
        },
      ];
    const set = instructions === "avx512" ? "AVX-512" : "AVX2";
    return [{ name, value: `tslora's, for ${set}; ${narrowNumbers(ops)}`, status: "ok" }];
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return [{ name, value: error.message, status: "missing", advice: `run ${setUpCommand()}` }];
  }
}

/** The methods for products of 8-bit integers and of bfloat16 numbers. */
function narrowNumbers({ int8, bfloat16Method }: KernelOps): string {
  return `int8 by ${int8.method}; bf16 ${bfloat16Method === undefined ? "brings nothing here" : `by ${bfloat16Method}`}`;
}

function driverRow(driver: NvidiaDriver | undefined): EnvironmentRow {
  const name = "NVIDIA driver";
  if (driver === undefined)
    return {
      name,
      value: "none: /proc/driver/nvidia/version, /dev/nvidiactl and libcuda.so.1 were looked for and not found",
      status: "note",
    };
  const { loaded, version, library } = driver;
  const value = [
    version === undefined ? (loaded ? "loaded" : "not loaded") : `version ${version}`,
    library ?? "libcuda.so.1 was looked for and not found",
  ].join(", ");
  if (library === undefined)
    return {
      name,
      value,
      status: "missing",
      advice:
        "in a container, start it with the GPUs (docker run --gpus all); else install the driver's library (Debian: libcuda1)",
    };
  if (!loaded)
    return {
      name,
      value,
      status: "missing",
      advice: "the kernel's module is not loaded: modprobe nvidia, or install the driver",
    };
  return { name, value, status: "ok" };
}

function gpuRows(driver: NvidiaDriver | undefined): EnvironmentRow[] {
  if (driver === undefined) return [];
  const gpus = nvidiaGpus();
  if (gpus.length === 0)
    return [
      {
        name: "NVIDIA GPU",
        value: "none: nvidia-smi and /proc/driver/nvidia/gpus name none",
        status: "missing",
        advice: "nvidia-smi shows what is wrong with it",
      },
    ];
  const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  return gpus.map(({ name, memory, freeMemory, computeCapability }) => {
    const facts = [
      memory === undefined ? [] : gibibytes(memory),
      freeMemory === undefined ? [] : `${gibibytes(freeMemory)} free`,
      computeCapability === undefined ? [] : `compute capability ${computeCapability}`,
    ].flat();
    return { name: "NVIDIA GPU", value: [name, ...facts].join(", "), status: "ok" };
  });
}

function librariesRow(driver: NvidiaDriver | undefined): EnvironmentRow {
  const libraries = cudaLibraries(join(setUpFolder(), "tensorflow"));
  const missing = libraries.filter(({ path }) => path === undefined);
  const found = libraries.filter(({ path }) => path !== undefined).map(({ file }) => file);
  const name = "CUDA libraries";
  if (missing.length === 0) return { name, value: `all found: ${found.join(", ")}`, status: "ok" };
  const value = `not found: ${missing.map(({ file }) => file).join(", ")}${found.length === 0 ? "" : `; found: ${found.join(", ")}`}`;
  if (driver === undefined) return { name, value: `${value} (they are for an NVIDIA GPU alone)`, status: "note" };
  const wheels = [...new Set(missing.flatMap(({ wheel }) => wheel ?? []))];
  return {
    name,
    value,
    status: "missing",
    advice:
      wheels.length === 0
        ? "it is the driver's"
        : `TSLORA_TENSORFLOW=cuda ${setUpCommand()} brings ${wheels.join(", ")}`,
  };
}

async function webgpuRow(): Promise<EnvironmentRow> {
  const { findAdapter, isSoftware } = await import("../ops/webgpu/dawn.js");
  try {
    const { adapter, listed } = await findAdapter();
    const value = listed.length === 0 ? adapter.info.description : listed.join("; ");
    return isSoftware(adapter)
      ? { name: "WebGPU", value: `${value}: software instead of a GPU`, status: "note" }
      : { name: "WebGPU", value, status: "ok" };
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return { name: "WebGPU", value: error.message, status: "note" };
  }
}
