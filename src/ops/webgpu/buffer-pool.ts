import { TsloraError } from "../../base/tslora-error";
import type { GpuBuffer, GpuDevice } from "./dawn";

/** Bytes allocated are at most this many times the most that were in use at any one time. */
export const HEADROOM = 1.25;

const SMALLEST = 256;
const MAPPABLE = 0x1 | 0x2; // GPUBufferUsage.MAP_READ and MAP_WRITE

interface Pooled {
  readonly buffer: GpuBuffer;
  /** Bytes and usage: buffers of one kind can replace each other. */
  readonly kind: string;
  readonly bytes: number;
}

/**
 * The buffers of tfjs's WebGPU backend, instead of its own manager, and with its interface. That one keeps every
 * released buffer for a request of the very same size and destroys none: as batches differ in length, an epoch came to
 * hold many times what it used. Here batches of similar lengths share buffers, and of the free ones, those released
 * first make way for new ones.
 *
 * A buffer may be larger than was asked for. Its `size` is what was asked for, from which the backend tells how much to
 * copy and to read; whoever binds it has to bind that much and no more: tfjs's matrix products read behind the second
 * factor's end and multiply by zero what they find, which is harmless unless it is no number.
 */
export class BufferPool {
  numBytesUsed = 0;
  numBytesAllocated = 0;
  readonly #device: Pick<GpuDevice, "createBuffer" | "limits">;
  readonly #used = new Map<GpuBuffer, Pooled>();
  /** In the order of their release. */
  readonly #free = new Set<Pooled>();
  readonly #freeOfKind = new Map<string, Pooled[]>();
  #mostUsed = 0;

  constructor(device: Pick<GpuDevice, "createBuffer" | "limits">) {
    this.#device = device;
  }

  /** One that is used again is not mapped, whatever was asked for: the backend looks. */
  acquireBuffer(size: number, usage: number, mappedAtCreation = false, reuse = true): GpuBuffer {
    // The host maps a buffer whole, and reads as many values as there are.
    const bytes = reuse && (usage & MAPPABLE) === 0 ? this.#roundUp(size) : size;
    const kind = `${bytes}_${usage}`;
    const used = this.numBytesUsed + bytes;
    this.#mostUsed = Math.max(this.#mostUsed, used);
    let pooled = reuse ? this.#freeOfKind.get(kind)?.at(-1) : undefined;
    if (pooled === undefined) {
      this.#makeRoom(bytes);
      pooled = { buffer: this.#device.createBuffer({ size: bytes, usage, mappedAtCreation }), kind, bytes };
      this.numBytesAllocated += bytes;
    } else {
      this.#free.delete(pooled);
      this.#freeOfKind.get(kind)?.pop();
    }
    this.#used.set(pooled.buffer, pooled);
    this.numBytesUsed = used;
    Object.defineProperty(pooled.buffer, "size", { value: size, configurable: true });
    return pooled.buffer;
  }

  releaseBuffer(buffer: GpuBuffer, reuse = true): void {
    const pooled = this.#used.get(buffer);
    if (pooled === undefined) {
      if (this.#used.size === 0) return; // after `dispose`, as in the backend's own
      throw new TsloraError("device", `WebGPU: a buffer of ${buffer.size} bytes was released that is not in use.`);
    }
    this.#used.delete(buffer);
    this.numBytesUsed -= pooled.bytes;
    if (!reuse) return this.#destroy(pooled);
    this.#free.add(pooled);
    const others = this.#freeOfKind.get(pooled.kind);
    if (others === undefined) this.#freeOfKind.set(pooled.kind, [pooled]);
    else others.push(pooled);
  }

  getNumUsedBuffers(): number {
    return this.#used.size;
  }

  getNumFreeBuffers(): number {
    return this.#free.size;
  }

  dispose(): void {
    for (const { buffer } of [...this.#used.values(), ...this.#free]) buffer.destroy();
    this.#used.clear();
    this.#free.clear();
    this.#freeOfKind.clear();
    this.numBytesUsed = this.numBytesAllocated = this.#mostUsed = 0;
  }

  /** To the next eighth of the power of two beneath: at most an eighth more than was asked for. */
  #roundUp(size: number): number {
    if (size <= SMALLEST) return SMALLEST;
    const step = 2 ** (Math.floor(Math.log2(size)) - 3);
    const bytes = Math.ceil(size / step) * step;
    return bytes > this.#device.limits.maxBufferSize ? size : bytes;
  }

  /**
   * To destroy a free buffer is safe: what recorded commands use, the backend releases only once it has submitted them.
   */
  #makeRoom(bytes: number): void {
    for (const oldest of this.#free) {
      if (this.numBytesAllocated + bytes <= HEADROOM * this.#mostUsed) return;
      this.#free.delete(oldest);
      const ofKind = this.#freeOfKind.get(oldest.kind);
      ofKind?.shift(); // `oldest`: both are in the order of release
      if (ofKind?.length === 0) this.#freeOfKind.delete(oldest.kind);
      this.#destroy(oldest);
    }
  }

  #destroy({ buffer, bytes }: Pooled): void {
    buffer.destroy();
    this.numBytesAllocated -= bytes;
  }
}
