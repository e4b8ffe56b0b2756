import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { BufferPool, HEADROOM } from "../../src/ops/webgpu/buffer-pool";
import type { GpuBuffer, GpuDevice } from "../../src/ops/webgpu/dawn";

const [STORAGE, UNIFORM, READ] = [0x80 | 0x4 | 0x8, 0x40 | 0x8, 0x1 | 0x8];

/** A device's memory: the bytes of each buffer that was made and not destroyed. */
function memory(maxBufferSize = 2 ** 31): {
  device: Pick<GpuDevice, "createBuffer" | "limits">;
  bytesOf: Map<GpuBuffer, number>;
  allocated: () => number;
} {
  const bytesOf = new Map<GpuBuffer, number>();
  const device = {
    limits: { maxBufferSize },
    createBuffer({ size, usage }: { size: number; usage: number }): GpuBuffer {
      const buffer = { size, usage, destroy: () => assert.ok(bytesOf.delete(buffer), "destroyed twice") };
      bytesOf.set(buffer, size);
      return buffer;
    },
  };
  return { device, bytesOf, allocated: () => [...bytesOf.values()].reduce((a, b) => a + b, 0) };
}

test("buffers are as large as asked for or little larger, are in use once, and leave little free", () => {
  const random = new Random(5);
  const { device, bytesOf, allocated } = memory();
  const pool = new BufferPool(device);
  const held = new Map<GpuBuffer, { bytes: number; reuse: boolean }>();
  let [inUse, most] = [0, 0];
  for (let round = 0; round < 20_000; round++) {
    if (held.size > 0 && random.below(100) < (Math.floor(round / 100) % 2 === 0 ? 35 : 65)) {
      const [buffer, { bytes, reuse }] = [...held][random.below(held.size)];
      held.delete(buffer);
      inUse -= bytes;
      pool.releaseBuffer(buffer, reuse);
      assert.equal(bytesOf.has(buffer), reuse);
    } else {
      const size = 4 * (1 + random.below(4 ** (1 + random.below(9))));
      const usage = [STORAGE, UNIFORM, READ][random.below(3)];
      const reuse = random.below(5) > 0;
      const buffer = pool.acquireBuffer(size, usage, random.below(2) === 0, reuse);
      const bytes = bytesOf.get(buffer);
      assert.ok(bytes !== undefined && !held.has(buffer));
      assert.deepEqual([buffer.size, buffer.usage], [size, usage]);
      if (usage === READ || !reuse) assert.equal(bytes, size);
      else assert.ok(bytes >= size && bytes % 4 === 0 && bytes <= Math.max(256, 1.125 * size), `${bytes} for ${size}`);
      held.set(buffer, { bytes, reuse });
      inUse += bytes;
      most = Math.max(most, inUse);
      assert.ok(allocated() <= HEADROOM * most, `${allocated()} where ${most} were in use`);
    }
    assert.deepEqual(
      [pool.numBytesUsed, pool.numBytesAllocated, pool.getNumUsedBuffers(), pool.getNumFreeBuffers()],
      [inUse, allocated(), held.size, bytesOf.size - held.size],
    );
  }
  pool.dispose();
  assert.deepEqual(
    [bytesOf.size, pool.numBytesUsed, pool.numBytesAllocated, pool.getNumUsedBuffers(), pool.getNumFreeBuffers()],
    [0, 0, 0, 0, 0],
  );
  for (const buffer of held.keys()) pool.releaseBuffer(buffer);
});

test("a buffer serves similar sizes of its usage, and the one released last is taken first", () => {
  const pool = new BufferPool(memory().device);
  pool.acquireBuffer(2 ** 16, STORAGE); // beside which there is room for all others
  const [one, other] = [pool.acquireBuffer(1030, STORAGE), pool.acquireBuffer(1100, STORAGE)];
  pool.releaseBuffer(one);
  pool.releaseBuffer(other);
  assert.notEqual(pool.acquireBuffer(1100, UNIFORM), other);
  assert.equal(pool.acquireBuffer(1028, STORAGE), other);
  assert.equal(pool.acquireBuffer(1152, STORAGE), one);
});

test("those released first make way, and no more of them than must", () => {
  const { device, bytesOf } = memory();
  const pool = new BufferPool(device);
  const sizes = [1024, 2048, 4096, 8192];
  const buffers = sizes.map((size) => pool.acquireBuffer(size, STORAGE));
  for (const k of [1, 3, 0, 2]) pool.releaseBuffer(buffers[k]);
  pool.acquireBuffer(3840, STORAGE); // a quarter of all fits beside them
  assert.equal(bytesOf.size, 5);
  pool.acquireBuffer(3072, STORAGE);
  assert.deepEqual(
    buffers.map((buffer) => bytesOf.has(buffer)),
    [true, false, true, false],
  );
});

test("a size is not rounded beyond the largest that the device makes", () => {
  const { device, bytesOf } = memory(1_000_000);
  const pool = new BufferPool(device);
  assert.equal(bytesOf.get(pool.acquireBuffer(999_996, STORAGE)), 999_996);
});

test("a buffer that is not in use is not released again", () => {
  const pool = new BufferPool(memory().device);
  const [one] = [pool.acquireBuffer(8, STORAGE), pool.acquireBuffer(8, STORAGE)];
  pool.releaseBuffer(one);
  assert.throws(() => pool.releaseBuffer(one), /not in use/);
});
