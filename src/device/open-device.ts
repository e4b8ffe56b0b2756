import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";

import { places } from "../base/places";
import { TsloraError } from "../base/tslora-error";
import { chooseDevice, type DeviceFacts } from "./choose-device";
import { deviceWish, type Device, type DeviceOption, type DeviceOptions, type DeviceWish } from "./device";
import { graphicsCards } from "./graphics-cards";
import { loadTensorFlow } from "../ops/load-tensorflow";
import { cudaLibraries, nvidiaDriver, nvidiaGpus } from "./nvidia";
import type { Ops } from "../ops/ops";
import { sharedOps } from "../ops/shared-ops";
import type { Webgpu } from "../ops/webgpu/webgpu-ops";

/** A device and the ops that run on it. */
export interface OpenDevice {
  readonly device: Device;
  readonly ops: Ops;
}

let hiddenBy: string | undefined;
let webgpu: Promise<Webgpu> | undefined;
const warned = new Set<string>();

/** Hides the GPU from TensorFlow if another device was requested. Has no effect once TensorFlow is loaded. */
export function prepareDevice(options: DeviceOptions): void {
  const { device } = deviceWish(options, { where: "device" });
  if (device !== "cpu" && device !== "webgpu") return;
  if (process.env.CUDA_VISIBLE_DEVICES === undefined)
    hiddenBy = `The device "${device}", which this process requested first,`;
  process.env.CUDA_VISIBLE_DEVICES = "-1";
}

/** Collects the facts for choosing a device. Loads TensorFlow, unless WebGPU is requested by name. */
export function deviceFacts({ device }: Pick<DeviceWish, "device">): DeviceFacts {
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  const hidden = hiddenBy ?? (visible === "-1" || visible === "" ? `CUDA_VISIBLE_DEVICES=${visible}` : undefined);
  const tensorflow = device === "webgpu" ? { problem: "not requested" } : tensorflowState();
  const usesGpu = "usesGpu" in tensorflow && tensorflow.usesGpu;
  const driver = device === "webgpu" || usesGpu ? undefined : nvidiaDriver();
  return {
    tensorflow,
    cudaBuild: isCudaBuild(),
    driver: driver !== undefined || usesGpu,
    missing:
      driver === undefined
        ? []
        : cudaLibraries()
            .filter(({ path }) => path === undefined)
            .map(({ file }) => file),
    cards: usesGpu ? [] : graphicsCards(),
    ...(hidden === undefined ? {} : { hidden }),
  };
}

/** Whether set-up installed the TensorFlow with CUDA, by set-up's marker file. */
export function isCudaBuild(root = places().site): boolean {
  const marker = join(root, ".tslora", "done", "tensorflow.json");
  return existsSync(marker) && / cuda /.test(readFileSync(marker, "utf8"));
}

/**
 * Chooses a device, opens it, and returns it with the reason. Passes each warning to `warn` once per process, for
 * example if the processor is used although there is a GPU.
 *
 * @throws TsloraError `bad-option`, or `device` if the device requested by name or by requireGpu is not available.
 */
export async function openDevice(
  options: DeviceOptions = {},
  {
    where = "openDevice",
    warn = (text: string): void => console.warn(text),
  }: { where?: string; warn?: (text: string) => void } = {},
): Promise<OpenDevice> {
  const wish = deviceWish(options, { where });
  prepareDevice(wish);
  const choice = chooseDevice(wish, deviceFacts(wish));
  if (choice.kind === "none")
    throw new TsloraError(
      "device",
      `${where}: ${askedFor(wish)}, but ${choice.why}. \`npx tslora doctor\` lists all checks.`,
      { details: { asked: wish.device } },
    );
  const opened =
    choice.kind === "webgpu"
      ? await openWebgpu(wish, { ...choice, where })
      : openTensorFlow(wish.device, { ...choice, kind: choice.kind, graph: options.graph });
  for (const warning of opened.device.warnings) {
    if (!warned.has(warning)) warn(`${warning}.`);
    warned.add(warning);
  }
  return opened;
}

/**
 * The device that `loadClassifier` would use, and why. A notebook prints it first.
 *
 * @throws as `loadClassifier` does for its device.
 */
export async function resolveDevice(options: DeviceOptions = {}): Promise<Device> {
  // The notice includes the warnings.
  return (await openDevice(options, { where: "resolveDevice", warn: () => undefined })).device;
}

function openTensorFlow(
  asked: DeviceOption,
  {
    kind,
    why,
    warnings,
    graph = kind === "cuda",
  }: { kind: "cuda" | "cpu"; why: string; warnings: readonly string[]; graph?: boolean | undefined },
): OpenDevice {
  const { version } = loadTensorFlow();
  const name = kind === "cuda" ? (nvidiaGpus()[0]?.name ?? "NVIDIA GPU") : (cpus()[0]?.model ?? "processor").trim();
  const backend = `TensorFlow ${version}${kind === "cuda" ? " with CUDA" : ""}${graph ? ", in graph functions" : ""}`;
  const notice = `Device: ${kind === "cuda" ? `the GPU ${name}` : "the processor"}, by ${backend}, ${why === "as requested" ? why : `since ${why}`}.`;
  return {
    device: {
      kind,
      name,
      backend,
      software: false,
      asked,
      notice: [notice, ...warnings.map((warning) => `${warning}.`)].join(" "),
      warnings,
    },
    ops: sharedOps({ graph }),
  };
}

async function openWebgpu(
  wish: DeviceWish,
  {
    why,
    requireHardware,
    fallback,
    where,
  }: { why: string; requireHardware: boolean; fallback?: string; where: string },
): Promise<OpenDevice> {
  const program = await import("../ops/webgpu/webgpu-ops.js");
  webgpu ??= program.openWebgpu();
  let opened: Webgpu;
  try {
    opened = await webgpu;
  } catch (error) {
    webgpu = undefined;
    if (!(error instanceof TsloraError)) throw error;
    throw new TsloraError(
      "device",
      `${where}: ${askedFor(wish)}, but ${fallback === undefined ? "" : `CUDA is not available (${fallback}), and `}${error.message} \`npx tslora doctor\` lists all checks.`,
      { cause: error, details: { asked: wish.device } },
    );
  }
  const { ops, name, backend, software } = opened;
  if (software && requireHardware)
    throw new TsloraError(
      "device",
      `${where}: ${askedFor(wish)}, but ${fallback === undefined ? "" : `CUDA is not available (${fallback}), and `}WebGPU's only adapter, ${name}, is software and not a GPU. \`npx tslora doctor\` lists all checks.`,
      { details: { asked: wish.device } },
    );
  const warnings = software
    ? [`${name} is software instead of a GPU: its results are right, but it is slower than the device "cpu"`]
    : [];
  return {
    device: {
      kind: "webgpu",
      name,
      backend,
      software,
      asked: wish.device,
      notice: [
        `Device: ${name}, by ${backend}, ${why === "as requested" ? why : `since ${why}`}.`,
        ...warnings.map((warning) => `${warning}.`),
      ].join(" "),
      warnings,
    },
    ops,
  };
}

function askedFor({ device, requireGpu }: DeviceWish): string {
  return requireGpu
    ? device === "auto"
      ? "a GPU was required"
      : `the device "${device}" was requested, and a GPU required`
    : `the device "${device}" was requested`;
}

function tensorflowState(): DeviceFacts["tensorflow"] {
  try {
    return { usesGpu: loadTensorFlow().usesGpu };
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    return { problem: error.message };
  }
}
