import type { TensorFlow } from "../load-tensorflow";
import { BufferPool } from "./buffer-pool";
import { isSoftware, type Gpu, type GpuAdapter, type GpuBuffer, type GpuDevice } from "./dawn";
import type { TensorInfo } from "../tfjs-ops";

type Tfjs = TensorFlow["tf"];
type Function_ = (...args: unknown[]) => unknown;

const SMALL_OUTPUT = 2; // tfjs's MatMulProgramType.MatMulSmallOutputSizeProgram

/** Numbers of a program. */
export interface UniformValue {
  readonly type: "int32" | "float32";
  readonly data: number[];
}

/** The part of tfjs's WebGPU backend that runs programs. */
export interface WebgpuBackend {
  readonly device: Pick<GpuDevice, "createShaderModule" | "createComputePipeline">;
  /** Data of tensors, in a buffer or as values. */
  readonly tensorMap: { get(dataId: object): object };
  makeTensorInfo(shape: number[], dtype: "float32"): TensorInfo;
  /** Gives a tensor a buffer, with its values if it has some. */
  uploadToGPU(dataId: object): void;
  /** Binds output, inputs and uniforms, in this order. Keeps their buffers until the commands are submitted. */
  recordAndSubmit(
    program: { readonly pipeline: object; readonly dispatch: [number, number, number] },
    output: TensorInfo,
    inputs: readonly TensorInfo[],
    uniforms: readonly UniformValue[],
  ): void;
}

/** The backend's source of buffers, and the bindings that its programs get. */
interface Buffers {
  bufferManager: unknown;
  tensorToBinding(tensor: TensorInfo | undefined): unknown;
}

/** The part of tfjs's engine that holds the current backend. */
interface Engine {
  backendName: string | undefined;
  backendInstance: unknown;
}

/**
 * tfjs on a WebGPU device. The returned functions run there, while the rest of the process, such as danfojs, keeps its
 * backend: each function changes tfjs's backend only while it runs.
 */
export async function tfjsOnWebgpu(
  gpu: Gpu,
  adapter: GpuAdapter,
): Promise<{ tf: Tfjs; device: GpuDevice; backend: WebgpuBackend; pool: BufferPool }> {
  const tf = (await import("@tensorflow/tfjs-core")) as unknown as Tfjs;
  const { WebGPUBackend } = (await import("@tensorflow/tfjs-backend-webgpu")) as unknown as {
    WebGPUBackend: new (device: GpuDevice, info: GpuAdapter["info"]) => WebgpuBackend & Buffers;
  };
  const wanted = [
    "maxComputeWorkgroupStorageSize",
    "maxComputeWorkgroupsPerDimension",
    "maxStorageBufferBindingSize",
    "maxBufferSize",
    "maxComputeWorkgroupSizeX",
    "maxComputeInvocationsPerWorkgroup",
  ];
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(wanted.map((name) => [name, adapter.limits[name]])),
  });
  // tfjs's default program for small products takes 0.2 s on a software adapter.
  if (isSoftware(adapter)) tf.env().set("WEBGPU_MATMUL_PROGRAM_TYPE", SMALL_OUTPUT);
  const backend = withNavigator(gpu, () => new WebGPUBackend(device, adapter.info));
  const pool = new BufferPool(device);
  takeFrom(backend, pool);
  return { tf: onBackend(tf, { name: "webgpu", instance: backend }), device, backend, pool };
}

/** Makes a backend take its buffers from a pool. Programs see only the requested size of a buffer, not the rest. */
function takeFrom(backend: Buffers, pool: BufferPool): void {
  const whole = backend.tensorToBinding.bind(backend);
  backend.bufferManager = pool;
  backend.tensorToBinding = (tensor) => {
    const binding = whole(tensor);
    return isOfBuffer(binding) ? { ...binding, size: binding.buffer.size } : binding;
  };
}

/** False for the binding of a texture. */
function isOfBuffer(binding: unknown): binding is { buffer: GpuBuffer } {
  return typeof binding === "object" && binding !== null && "buffer" in binding;
}

/**
 * Sets `navigator.gpu` while `body` runs. The backend reads it only in its constructor, and Node would not exit if it
 * stayed.
 */
function withNavigator<T>(gpu: Gpu, body: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true, writable: true });
  try {
    return body();
  } finally {
    if (before === undefined) delete (globalThis as { navigator?: unknown }).navigator;
    else Object.defineProperty(globalThis, "navigator", before);
  }
}

function onBackend(tf: Tfjs, { name, instance }: { name: string; instance: object }): Tfjs {
  const engine = tf.engine() as unknown as Engine;
  const wrapped = new Map<PropertyKey, unknown>();
  const wrap =
    (inner: Function_): Function_ =>
    (...args) => {
      const { backendName, backendInstance } = engine;
      Object.assign(engine, { backendName: name, backendInstance: instance });
      try {
        return inner(...args);
      } finally {
        Object.assign(engine, { backendName, backendInstance });
      }
    };
  return new Proxy({} as Tfjs, {
    get(_, key) {
      const value: unknown = Reflect.get(tf, key);
      if (typeof value !== "function") return value;
      if (!wrapped.has(key)) wrapped.set(key, wrap(value as Function_));
      return wrapped.get(key);
    },
  });
}
