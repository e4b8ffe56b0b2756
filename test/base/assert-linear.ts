import assert from "node:assert/strict";

/** Milliseconds of processor time that are noise: garbage collection, compilation. */
const NOISE_MS = 300;

/**
 * Asserts that work on four times as much takes nowhere near sixteen times as long. Processor time of this process
 * alone, so that a busy machine does not matter; choose a size at which quadratic work would take many seconds.
 */
export function assertLinear(
  work: (size: number) => void,
  { size, what }: { readonly size: number; readonly what: string },
): void {
  const best = (n: number): number =>
    Math.min(
      ...[1, 2].map(() => {
        const start = process.cpuUsage();
        work(n);
        return process.cpuUsage(start).user / 1000;
      }),
    );
  work(size);
  const [once, four] = [best(size), best(4 * size)];
  assert.ok(
    four < 10 * once + NOISE_MS,
    `${what}: ${once.toFixed(0)} ms for ${size}, ${four.toFixed(0)} ms for four times as much`,
  );
}
