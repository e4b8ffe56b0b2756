import { setUpCommand } from "../../base/places";
import { TsloraError } from "../../base/tslora-error";
import { findLibraries } from "../../base/find-library";

/** The part of the WebGPU API that tslora uses. Declared here, since the API's own types would be global. */
export interface GpuAdapter {
  readonly info: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  readonly limits: Readonly<Record<string, number>>;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<GpuDevice>;
}

/** Memory of a device. */
export interface GpuBuffer {
  readonly size: number;
  readonly usage: number;
  destroy(): void;
}

/** A device: its buffers and programs, and its reports of errors and loss. */
export interface GpuDevice {
  readonly limits: Readonly<Record<string, number>>;
  createBuffer(descriptor: { size: number; usage: number; mappedAtCreation: boolean }): GpuBuffer;
  createShaderModule(descriptor: { code: string; label: string }): object;
  createComputePipeline(descriptor: { layout: "auto"; compute: { module: object; entryPoint: string } }): object;
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  addEventListener(
    type: "uncapturederror",
    listener: (event: { readonly error: { readonly message: string } }) => void,
  ): void;
}

/** The entry to WebGPU: `navigator.gpu` in a browser. */
export interface Gpu {
  requestAdapter(options: {
    powerPreference?: "high-performance";
    forceFallbackAdapter?: boolean;
  }): Promise<GpuAdapter | null>;
}

interface Dawn {
  readonly globals: Readonly<Record<string, unknown>>;
  create(options: readonly string[]): Gpu;
}

/**
 * All instances of Dawn, kept until the process ends: if one is garbage-collected earlier, its events access freed
 * memory.
 */
const instances: Gpu[] = [];

const DRIVERS = "a GPU's Vulkan driver (Debian: libvulkan1 and, for AMD and Intel, mesa-vulkan-drivers)";

/**
 * Loads Dawn, Chromium's WebGPU, from the npm package `webgpu`, and defines the globals that a browser has, such as
 * `GPUBufferUsage`. Leaves `navigator` unchanged.
 *
 * @throws TsloraError `device` that names the missing library.
 */
export async function loadDawn(): Promise<Dawn> {
  if (process.platform === "linux" && !findLibraries(["libvulkan.so.1"]).has("libvulkan.so.1")) {
    throw new TsloraError(
      "device",
      `WebGPU needs Vulkan on Linux, but libvulkan.so.1 was not found. Install ${DRIVERS}.`,
    );
  }
  let dawn: Dawn;
  try {
    dawn = (await import("webgpu")) as unknown as Dawn;
  } catch (error) {
    throw new TsloraError(
      "device",
      `Dawn, the package "webgpu", does not load on ${process.platform} ${process.arch} (${error instanceof Error ? error.message : String(error)}). Run \`${setUpCommand()}\`.`,
      { cause: error },
    );
  }
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  return dawn;
}

/**
 * Finds the adapter that WebGPU uses: the strongest GPU, or a software adapter such as SwiftShader if there is no GPU.
 *
 * @throws TsloraError `device` if there is no adapter.
 */
export async function findAdapter(): Promise<{ gpu: Gpu; adapter: GpuAdapter; listed: readonly string[] }> {
  const dawn = await loadDawn();
  const gpu = keep(dawn.create([]));
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new TsloraError(
      "device",
      `WebGPU finds no adapter: libvulkan.so.1 was found, but no working driver in /usr/share/vulkan/icd.d or VK_ICD_FILENAMES. Install ${DRIVERS}.`,
    );
  return { gpu, adapter, listed: await listAdapters(dawn) };
}

/** Whether an adapter is software instead of a GPU. */
export function isSoftware({ info }: Pick<GpuAdapter, "info">): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.device} ${info.description}`)
  );
}

/** Lists Dawn's adapters and their APIs. Dawn prints them only in the error for an adapter that does not exist. */
async function listAdapters(dawn: Dawn): Promise<readonly string[]> {
  try {
    await keep(dawn.create(["adapter=which are there?"])).requestAdapter({});
    return [];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [...text.matchAll(/backend: '([^']+)', name: '([^']+)'/g)].map(
      ([, backend, name]) => `${name} over ${BACKENDS[backend] ?? backend}`,
    );
  }
}

function keep(gpu: Gpu): Gpu {
  instances.push(gpu);
  return gpu;
}

const BACKENDS: Readonly<Record<string, string>> = {
  vulkan: "Vulkan",
  metal: "Metal",
  d3d12: "Direct3D 12",
  d3d11: "Direct3D 11",
  opengl: "OpenGL",
  opengles: "OpenGL ES",
};
