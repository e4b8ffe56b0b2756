import { TsloraError } from "../../base/tslora-error";
import type { GpuBuffer, GpuDevice } from "./dawn";

/** Limit of the allocated bytes, as a multiple of the most bytes that were in use at once. */
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
 * Replaces the buffer manager of tfjs's WebGPU backend, with the same interface. The backend's own manager keeps every
 * released buffer for a request of exactly the same size and destroys none: since batches differ in length, an epoch
 * allocated many times what it used. In this pool, batches of similar length share buffers, and new buffers replace the
 * free ones that were released first.
 *
 * A buffer may be larger than requested. Its `size` is the requested size; the backend copies and reads that many
 * bytes. A binding must have that size too: tfjs's matrix products read past the end of the second factor and multiply
 * what they find by zero, which gives a wrong result if they find NaN.
 */
export class BufferPool {
  numBytesUsed = 0;
  numBytesAllocated = 0;
  readonly #device: Pick<GpuDevice, "createBuffer" | "limits">;
  readonly #used = new Map<GpuBuffer, Pooled>();
  /** In order of release. */
  readonly #free = new Set<Pooled>();
  readonly #freeOfKind = new Map<string, Pooled[]>();
  #mostUsed = 0;

  constructor(device: Pick<GpuDevice, "createBuffer" | "limits">) {
    this.#device = device;
  }

  /** A reused buffer is never mapped, even with `mappedAtCreation`; the backend checks for this. */
  acquireBuffer(size: number, usage: number, mappedAtCreation = false, reuse = true): GpuBuffer {
    // A mappable buffer keeps its exact size: the host maps all of it and reads all its values.
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

  /**
   * Rounds up to a multiple of 1/8 of the largest power of two that is not above `size`: at most 1/8 more than
   * requested.
   */
  #roundUp(size: number): number {
    if (size <= SMALLEST) return SMALLEST;
    const step = 2 ** (Math.floor(Math.log2(size)) - 3);
    const bytes = Math.ceil(size / step) * step;
    return bytes > this.#device.limits.maxBufferSize ? size : bytes;
  }

  /**
   * Destroys free buffers, those released first, until `bytes` fit. This is safe: the backend releases a buffer only
   * after it has submitted the commands that use it.
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
