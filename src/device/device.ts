import { TsloraError } from "../base/tslora-error";

/** Devices that a model can run on. "auto" is the NVIDIA GPU if TensorFlow uses one, else the processor. */
export type DeviceOption = "auto" | "cuda" | "cpu" | "webgpu";

/** Options that choose a device. */
export interface DeviceOptions {
  /**
   * The device. If a device is requested by name and is not available, that is an error.
   * @default "auto", for which the variable TSLORA_DEVICE may name one
   */
  readonly device?: DeviceOption;
  /**
   * Whether a GPU is required. With "auto" that is CUDA, or else a hardware adapter of WebGPU; without either it is an
   * error.
   * @default false
   */
  readonly requireGpu?: boolean;
  /**
   * Whether TensorFlow runs a step's operations together, as graph functions that are recorded once (device "cuda" or
   * "cpu"). On the processor the composed operations are then used in place of tslora's kernels, which are faster.
   * @default true on an NVIDIA GPU, false on the processor
   */
  readonly graph?: boolean;
}

/** The device of a model, and the reason for it. */
export interface Device {
  readonly kind: "cuda" | "cpu" | "webgpu";
  /** The GPU's name, or the processor's. */
  readonly name: string;
  /** Backend: "TensorFlow 2.21.0", or "WebGPU over Vulkan". */
  readonly backend: string;
  /** Whether WebGPU runs on software instead of a GPU, such as SwiftShader. */
  readonly software: boolean;
  /** The requested device. */
  readonly asked: DeviceOption;
  /** The device and the reason, in a sentence or two. A run prints it first. */
  readonly notice: string;
  /** Warnings on which the user may want to act, such as an unused GPU or a slow adapter. */
  readonly warnings: readonly string[];
}

/** All values of {@link DeviceOption}. */
export const DEVICES: readonly DeviceOption[] = ["auto", "cuda", "cpu", "webgpu"];

/** The options with defaults filled in. */
export interface DeviceWish {
  readonly device: DeviceOption;
  readonly requireGpu: boolean;
}

/**
 * Fills in the defaults and checks the values.
 *
 * @throws TsloraError `bad-option`
 */
export function deviceWish(
  { device, requireGpu = false, graph }: DeviceOptions,
  from: { where: string; variable?: string | undefined },
): DeviceWish {
  const { where, variable = process.env.TSLORA_DEVICE } = from;
  const own = device === undefined || device === "auto";
  const asked = own && variable !== undefined && variable !== "" ? variable : (device ?? "auto");
  const found = DEVICES.find((known) => known === asked);
  const values = DEVICES.map((known) => JSON.stringify(known)).join(", ");
  if (found === undefined)
    throw new TsloraError(
      "bad-option",
      `${where}: ${own ? "the variable TSLORA_DEVICE" : "device"} must be one of ${values}; got ${JSON.stringify(asked)}`,
    );
  if (typeof requireGpu !== "boolean")
    throw new TsloraError(
      "bad-option",
      `${where}: requireGpu must be true or false; got ${JSON.stringify(requireGpu)}`,
    );
  if (graph !== undefined && typeof graph !== "boolean")
    throw new TsloraError("bad-option", `${where}: graph must be true or false; got ${JSON.stringify(graph)}`);
  if (graph === true && found === "webgpu")
    throw new TsloraError(
      "bad-option",
      `${where}: graph must be false with the device "webgpu", whose operations cannot be recorded; got true`,
    );
  if (requireGpu && found === "cpu")
    throw new TsloraError(
      "bad-option",
      `${where}: requireGpu and the device "cpu" exclude each other; leave out one of them`,
    );
  return { device: found, requireGpu };
}

/** Picks the device options. */
export function deviceOf({ device, requireGpu, graph }: DeviceOptions): DeviceOptions {
  return {
    ...(device === undefined ? {} : { device }),
    ...(requireGpu === undefined ? {} : { requireGpu }),
    ...(graph === undefined ? {} : { graph }),
  };
}
