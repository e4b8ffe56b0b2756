import { setUpCommand } from "../base/places";
import type { DeviceWish } from "./device";

/** Facts on which the choice of the device depends. */
export interface DeviceFacts {
  /** Whether the loaded TensorFlow uses a GPU, or why it does not load. */
  readonly tensorflow: { readonly usesGpu: boolean } | { readonly problem: string };
  /** Whether set-up installed the TensorFlow with CUDA. */
  readonly cudaBuild: boolean;
  /** Whether NVIDIA's driver, or a part of it, was found. */
  readonly driver: boolean;
  /** File names of the missing libraries that TensorFlow with CUDA opens. */
  readonly missing: readonly string[];
  /** Makers of other GPUs. */
  readonly cards: readonly string[];
  /** The setting that hides the GPUs, if any, such as "CUDA_VISIBLE_DEVICES=-1". */
  readonly hidden?: string;
}

/** The device to open. If WebGPU is the second choice, `fallback` is the reason why CUDA is not available. */
export type DeviceChoice =
  | { readonly kind: "cuda" | "cpu"; readonly why: string; readonly warnings: readonly string[] }
  | { readonly kind: "webgpu"; readonly why: string; readonly requireHardware: boolean; readonly fallback?: string }
  | { readonly kind: "none"; readonly why: string };

/**
 * Chooses a device. If a device requested by name cannot be used, the result is `none` with the reason. Warns if the
 * processor is chosen although there is a GPU.
 */
export function chooseDevice({ device, requireGpu }: DeviceWish, facts: DeviceFacts): DeviceChoice {
  if (device === "webgpu") return { kind: "webgpu", why: "as requested", requireHardware: requireGpu };
  const { tensorflow } = facts;
  const usesGpu = "usesGpu" in tensorflow && tensorflow.usesGpu;
  if (device === "cpu") {
    if ("problem" in tensorflow) return { kind: "none", why: tensorflow.problem };
    if (usesGpu)
      return {
        kind: "none",
        why: `TensorFlow was loaded with the GPU in this process before "cpu" was requested, and a process has one device (importing danfojs loads TensorFlow). Set TSLORA_DEVICE=cpu before the start`,
      };
    return { kind: "cpu", why: "as requested", warnings: [] };
  }
  if (usesGpu) return { kind: "cuda", why: device === "cuda" ? "as requested" : "TensorFlow uses it", warnings: [] };
  const reason = "problem" in tensorflow ? tensorflow.problem : whyNoCuda(facts);
  if (device === "cuda") return { kind: "none", why: reason };
  if (requireGpu)
    return { kind: "webgpu", why: `CUDA is not available: ${reason}`, requireHardware: true, fallback: reason };
  if ("problem" in tensorflow) return { kind: "none", why: tensorflow.problem };
  const others = facts.cards.filter((maker) => maker !== "NVIDIA");
  const warnings = [
    ...(facts.driver ? [`An NVIDIA GPU's driver is here, but TensorFlow runs on the processor: ${reason}`] : []),
    ...(others.length > 0
      ? [`A GPU of ${others.join(" and ")} is here and is not used: device "webgpu" would use it`]
      : []),
  ];
  return {
    kind: "cpu",
    why: facts.driver ? "TensorFlow found no GPU that it can use" : "no NVIDIA driver is here",
    warnings,
  };
}

/** The reason why TensorFlow uses no GPU, with advice. */
export function whyNoCuda({ cudaBuild, driver, missing, hidden }: DeviceFacts): string {
  if (hidden !== undefined) return `${hidden} hides the GPUs from TensorFlow`;
  if (!driver)
    return "there is no NVIDIA driver: /proc/driver/nvidia/version and libcuda.so.1 were looked for and not found";
  if (!cudaBuild)
    return `set-up installed TensorFlow for the processor; run TSLORA_TENSORFLOW=cuda ${setUpCommand()}, which installs TensorFlow with CUDA`;
  if (missing.includes("libcuda.so.1"))
    return "the driver's libcuda.so.1 was looked for and not found; in a container, start it with the GPUs (docker run --gpus all); else install the driver's library (Debian: libcuda1)";
  if (missing.length > 0)
    return `${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} looked for and not found; run TSLORA_TENSORFLOW=cuda ${setUpCommand()}, which brings all of them`;
  return "all libraries were found, but CUDA finds no GPU: nvidia-smi should list one; TF_CPP_MIN_LOG_LEVEL=0 shows TensorFlow's own messages";
}
