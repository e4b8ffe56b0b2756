import { TsloraError } from "../../base/tslora-error";
import { findLibraries } from "../../base/find-library";

/** The part of the WebGPU API that is used, so that its types need not be global. */
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

/** A device, and what it tells when something goes wrong. */
export interface GpuDevice {
  readonly limits: Readonly<Record<string, number>>;
  createBuffer(descriptor: { size: number; usage: number; mappedAtCreation: boolean }): GpuBuffer;
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
 * Instances of Dawn that were made. Its events run into freed memory where an instance is collected before the process
 * ends.
 */
const instances: Gpu[] = [];

const DRIVERS = "a GPU's Vulkan driver (Debian: libvulkan1 and, for AMD and Intel, mesa-vulkan-drivers)";

/**
 * Loads Dawn, Chromium's WebGPU, as npm's package `webgpu` brings it for Node, and its global names, which a browser
 * has: `GPUBufferUsage` and the like. `navigator` stays as it is.
 *
 * @throws TsloraError `device` with the library that is missing by file name.
 */
export async function loadDawn(): Promise<Dawn> {
  if (process.platform === "linux" && !findLibraries(["libvulkan.so.1"]).has("libvulkan.so.1")) {
    throw new TsloraError(
      "device",
      `WebGPU runs on Vulkan here, and libvulkan.so.1 was looked for and not found. Install ${DRIVERS}.`,
    );
  }
  let dawn: Dawn;
  try {
    dawn = (await import("webgpu")) as unknown as Dawn;
  } catch (error) {
    throw new TsloraError(
      "device",
      `Dawn, the package "webgpu", does not load on ${process.platform} ${process.arch} (${error instanceof Error ? error.message : String(error)}). Run \`npm run setup\`.`,
      { cause: error },
    );
  }
  for (const [name, value] of Object.entries(dawn.globals))
    if (!(name in globalThis)) Object.assign(globalThis, { [name]: value });
  return dawn;
}

/**
 * The adapter that WebGPU would use: of several the strongest, and a program such as SwiftShader where there is no
 * other.
 *
 * @throws TsloraError `device` where there is none.
 */
export async function findAdapter(): Promise<{ gpu: Gpu; adapter: GpuAdapter; listed: readonly string[] }> {
  const dawn = await loadDawn();
  const gpu = keep(dawn.create([]));
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new TsloraError(
      "device",
      `WebGPU finds no adapter: libvulkan.so.1 is there, but no driver for it in /usr/share/vulkan/icd.d or in VK_ICD_FILENAMES that works. Install ${DRIVERS}.`,
    );
  return { gpu, adapter, listed: await listAdapters(dawn) };
}

/** Whether an adapter is a program instead of a GPU. */
export function isSoftware({ info }: Pick<GpuAdapter, "info">): boolean {
  return (
    info.isFallbackAdapter === true ||
    /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${info.architecture} ${info.device} ${info.description}`)
  );
}

/** Dawn names its adapters, with the API beneath each, only to who asks for one that is not there. */
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
