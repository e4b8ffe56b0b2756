import { TsloraError } from "../../base/tslora-error";
import type { Drop } from "../ops";
import type { Tensor } from "../tensor";
import { TfjsOps } from "../tfjs-ops";
import type { TensorFlow } from "../load-tensorflow";
import { findAdapter, isSoftware } from "./dawn";
import { keepMaskProgram } from "./keep-mask-program";
import { tfjsOnWebgpu, type WebgpuBackend } from "./tfjs-on-webgpu";

/** A WebGPU device with the ops on it. */
export interface Webgpu {
  readonly ops: WebgpuOps;
  /** The adapter's name, as its driver gives it. */
  readonly name: string;
  /** "WebGPU over Vulkan" and the like. */
  readonly backend: string;
  readonly software: boolean;
}

const SMALL_OUTPUT = 2; // tfjs's MatMulProgramType.MatMulSmallOutputSizeProgram

/**
 * {@link TfjsOps} on a WebGPU device. Errors of the device, which WebGPU tells later and elsewhere, are thrown by the
 * next `read`.
 */
export class WebgpuOps extends TfjsOps {
  override readonly draws = "WebGPU, pcg3d, by block";
  readonly #backend: WebgpuBackend;
  #failure: string | undefined;

  constructor(tf: TensorFlow["tf"], backend: WebgpuBackend) {
    super(tf);
    this.#backend = backend;
  }

  /** Opens the adapter that WebGPU would use. */
  static async open(): Promise<Webgpu> {
    const { gpu, adapter, listed } = await findAdapter();
    const { tf, device, backend } = await tfjsOnWebgpu(gpu, adapter);
    // The program that tfjs prefers for small products takes 0.2 s on a GPU in software.
    if (isSoftware(adapter)) tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", SMALL_OUTPUT);
    const ops = new WebgpuOps(tf, backend);
    device.addEventListener("uncapturederror", ({ error }) => (ops.#failure ??= error.message));
    void device.lost.then(({ reason, message }) => (ops.#failure ??= `the device was lost (${reason}): ${message}`));
    const { description, device: model, vendor } = adapter.info;
    const [first] = listed;
    return {
      ops,
      name:
        first?.replace(/ over [^ ]+( \d+)?$/, "") ??
        [vendor, model, description].find((text) => text !== "") ??
        "an adapter without a name",
      backend: `WebGPU over ${first?.split(" over ").at(-1) ?? "an API that it does not name"}`,
      software: isSoftware(adapter),
    };
  }

  /** tfjs draws on the processor, where a layer's masks of attention take longer than all else of a step. */
  override keepMask(shape: readonly number[], { rate, seed }: Drop, kept = 1): Tensor {
    const uniforms = [
      ...seed.map((word) => ({ type: "int32" as const, data: [word | 0] })),
      ...[rate, kept].map((value) => ({ type: "float32" as const, data: [value] })),
    ];
    return this.ownInfo(this.#backend.runWebGPUProgram(keepMaskProgram(shape), [], "float32", uniforms), this.#backend);
  }

  override async read(x: Tensor): Promise<Float32Array> {
    const values = await super.read(x);
    if (this.#failure !== undefined)
      throw new TsloraError(
        "device",
        `WebGPU: ${this.#failure}. What was computed since is not to be relied on. If it ran out of memory, take a smaller maxTokensPerPass; else run on another device.`,
      );
    return values;
  }
}
