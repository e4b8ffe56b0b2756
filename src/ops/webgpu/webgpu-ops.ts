import { TsloraError } from "../../base/tslora-error";
import { composed } from "../composed/composed";
import type { Ops } from "../ops";
import type { Drop } from "../primitives";
import type { Tensor } from "../tensor";
import { TfjsSession, tfjsPrimitives } from "../tfjs-ops";
import type { TensorFlow } from "../load-tensorflow";
import { findAdapter, isSoftware } from "./dawn";
import { keepMaskProgram } from "./keep-mask-program";
import { tfjsOnWebgpu, type WebgpuBackend } from "./tfjs-on-webgpu";

/** A WebGPU device with the ops on it. */
export interface Webgpu {
  readonly ops: Ops;
  /** The adapter's name, as its driver gives it. */
  readonly name: string;
  /** Such as "WebGPU over Vulkan". */
  readonly backend: string;
  readonly software: boolean;
}

/** A device's first error. */
export interface DeviceFailure {
  message?: string;
}

const SMALL_OUTPUT = 2; // tfjs's MatMulProgramType.MatMulSmallOutputSizeProgram

/** Opens the adapter that WebGPU would use. */
export async function openWebgpu(): Promise<Webgpu> {
  const { gpu, adapter, listed } = await findAdapter();
  const { tf, device, backend } = await tfjsOnWebgpu(gpu, adapter);
  // tfjs's default program for small products takes 0.2 s on a software adapter.
  if (isSoftware(adapter)) tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", SMALL_OUTPUT);
  const failure: DeviceFailure = {};
  device.addEventListener("uncapturederror", ({ error }) => (failure.message ??= error.message));
  void device.lost.then(({ reason, message }) => (failure.message ??= `the device was lost (${reason}): ${message}`));
  const { description, device: model, vendor } = adapter.info;
  const [first] = listed;
  return {
    ops: webgpuOps({ tf, backend, failure }),
    name:
      first?.replace(/ over [^ ]+( \d+)?$/, "") ??
      [vendor, model, description].find((text) => text !== "") ??
      "an adapter without a name",
    backend: `WebGPU over ${first?.split(" over ").at(-1) ?? "an API that it does not name"}`,
    software: isSoftware(adapter),
  };
}

/** The ops by tfjs on a WebGPU device. WebGPU reports device errors asynchronously; the next `read` throws them. */
export function webgpuOps(on: { tf: TensorFlow["tf"]; backend: WebgpuBackend; failure?: DeviceFailure }): Ops {
  const { backend, failure = {} } = on;
  const session = new TfjsSession(on.tf);
  const primitives = tfjsPrimitives(session);
  return composed({
    ...primitives,
    draws: "WebGPU, pcg3d, by block",
    // tfjs would draw masks on the processor, where those of one layer's attention take longer than the rest of a step.
    keepMask: (shape, drop, kept = 1) => drawMask({ session, backend }, shape, { ...drop, kept }),
    read: async (x) => {
      const values = await primitives.read(x);
      if (failure.message !== undefined)
        throw new TsloraError(
          "device",
          `WebGPU: ${failure.message}. Results since then are unreliable. If the device ran out of memory, take a smaller maxTokensPerPass; else run on another device.`,
        );
      return values;
    },
  });
}

function drawMask(
  { session, backend }: { session: TfjsSession; backend: WebgpuBackend },
  shape: readonly number[],
  { rate, seed, kept }: Drop & { kept: number },
): Tensor {
  const uniforms = [
    ...seed.map((word) => ({ type: "int32" as const, data: [word | 0] })),
    ...[rate, kept].map((value) => ({ type: "float32" as const, data: [value] })),
  ];
  return session.ownInfo(backend.runWebGPUProgram(keepMaskProgram(shape), [], "float32", uniforms), backend);
}
