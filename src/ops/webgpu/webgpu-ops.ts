import { TsloraError } from "../../base/tslora-error";
import { composed } from "../composed/composed";
import type { TensorFlow } from "../load-tensorflow";
import type { Ops } from "../ops";
import type { Primitives } from "../primitives";
import { TfjsSession, tfjsPrimitives } from "../tfjs-ops";
import { findAdapter, isSoftware } from "./dawn";
import { fusedActivations } from "./fused-activations";
import { fusedAdamStep } from "./fused-adam-step";
import { fusedAttention } from "./fused-attention";
import { drawMask, fusedNorms } from "./fused-norms";
import { barrierFree } from "./barrier-free";
import { fusedProducts } from "./fused-products";
import { fusedRows } from "./fused-rows";
import { ProductSums } from "./product-sums";
import { ProgramRunner } from "./program-runner";
import { GPU_LANES } from "./programs/row-lanes";
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

/** Opens the adapter that WebGPU would use. */
export async function openWebgpu(): Promise<Webgpu> {
  const { gpu, adapter, listed } = await findAdapter();
  const { tf, device, backend } = await tfjsOnWebgpu(gpu, adapter);
  const software = isSoftware(adapter);
  const failure: DeviceFailure = {};
  device.addEventListener("uncapturederror", ({ error }) => (failure.message ??= error.message));
  void device.lost.then(({ reason, message }) => (failure.message ??= `the device was lost (${reason}): ${message}`));
  const { description, device: model, vendor } = adapter.info;
  const [first] = listed;
  return {
    ops: webgpuOps({ tf, backend, failure, software }),
    name:
      first?.replace(/ over [^ ]+( \d+)?$/, "") ??
      [vendor, model, description].find((text) => text !== "") ??
      "an adapter without a name",
    backend: `WebGPU over ${first?.split(" over ").at(-1) ?? "an API that it does not name"}`,
    software,
  };
}

/** A WebGPU device for {@link webgpuOps}. */
export interface WebgpuDevice {
  readonly tf: TensorFlow["tf"];
  readonly backend: WebgpuBackend;
  readonly failure?: DeviceFailure;
  /** Whether the adapter is software: its programs then do without barriers. @default false */
  readonly software?: boolean;
}

/**
 * The ops on a WebGPU device: tslora's programs for operations that would take many passes when composed, tfjs for
 * the rest. WebGPU reports device errors asynchronously; the next `read` throws them.
 */
export function webgpuOps(device: WebgpuDevice): Ops {
  const { backend, software = false } = device;
  const session = new TfjsSession(device.tf);
  const runner = new ProgramRunner(session, backend);
  const primitives = webgpuPrimitives(device, session);
  const lanes = software ? 1 : GPU_LANES;
  return composed(primitives, (ops, { composed: before, placements }) => {
    const products = { runner, ops, tfjs: primitives, isSoftware: software };
    const sums = new ProductSums(products);
    return {
      ...fusedProducts(products, sums),
      ...fusedActivations(runner, sums),
      ...fusedAdamStep(runner),
      ...fusedNorms({ runner, lanes }),
      ...fusedRows(runner, primitives),
      ...(software ? barrierFree(runner, primitives) : {}),
      ...fusedAttention({ runner, lanes, ops, composed: before, placements }),
    };
  });
}

/** The primitives by tfjs on a WebGPU device. */
export function webgpuPrimitives(
  { tf, backend, failure = {} }: WebgpuDevice,
  session: TfjsSession = new TfjsSession(tf),
): Primitives {
  const runner = new ProgramRunner(session, backend);
  const primitives = tfjsPrimitives(session);
  return {
    ...primitives,
    draws: "WebGPU, pcg3d, by block",
    // tfjs would draw masks on the processor, where those of one layer's attention take longer than the rest of a step.
    keepMask: (shape, drop, factor = 1) => drawMask(runner, shape, { ...drop, factor }),
    read: async (x) => {
      const values = await primitives.read(x);
      if (failure.message !== undefined)
        throw new TsloraError(
          "device",
          `WebGPU: ${failure.message}. Results since then are unreliable. If the device ran out of memory, take a smaller maxTokensPerPass; else run on another device.`,
        );
      return values;
    },
  };
}
