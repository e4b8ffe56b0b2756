import { TsloraError } from "../base/tslora-error";

/** What a model may be asked to run on. "auto" is the NVIDIA GPU where TensorFlow uses one, else the processor. */
export type DeviceOption = "auto" | "cuda" | "cpu" | "webgpu";

/** Options that choose a device. */
export interface DeviceOptions {
  /**
   * What to run on. A device asked for by name is used or is an error.
   * @default "auto", for which the variable TSLORA_DEVICE may name one
   */
  readonly device?: DeviceOption;
  /**
   * Whether no GPU is an error: with "auto", CUDA or else a WebGPU adapter that is hardware must be there.
   * @default false
   */
  readonly requireGpu?: boolean;
}

/** What a model runs on, and why. */
export interface Device {
  readonly kind: "cuda" | "cpu" | "webgpu";
  /** The GPU's name, or the processor's. */
  readonly name: string;
  /** What computes: "TensorFlow 2.21.0", or "WebGPU over Vulkan". */
  readonly backend: string;
  /** Whether WebGPU runs on a program in the place of a GPU, such as SwiftShader. */
  readonly software: boolean;
  /** What was asked for. */
  readonly asked: DeviceOption;
  /** What was taken and why, in a sentence or two, for people: the first thing that a run prints. */
  readonly notice: string;
  /** What a user should know and may want to change: a GPU that is there and not used, a slow adapter. */
  readonly warnings: readonly string[];
}

/** All values of {@link DeviceOption}. */
export const DEVICES: readonly DeviceOption[] = ["auto", "cuda", "cpu", "webgpu"];

/** A wish with its defaults filled in. */
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
  { device, requireGpu = false }: DeviceOptions,
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
  if (requireGpu && found === "cpu")
    throw new TsloraError(
      "bad-option",
      `${where}: requireGpu and the device "cpu" exclude each other; leave out one of them`,
    );
  return { device: found, requireGpu };
}

/** What of more options chooses the device. */
export function deviceOf({ device, requireGpu }: DeviceOptions): DeviceOptions {
  return { ...(device === undefined ? {} : { device }), ...(requireGpu === undefined ? {} : { requireGpu }) };
}
