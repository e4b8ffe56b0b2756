import { loadTensorFlow, type Binding } from "../../src/ops/load-tensorflow";

/** A product [m, k] x [k, n] and how fast it ran. */
export interface MatmulRate {
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** Billions of floating point operations a second: the best of the repeats, and their median. */
  readonly best: number;
  readonly median: number;
}

/** A large square product, which is the machine's limit, and those of a step at 2,048 tokens in a pass. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [2048, 2048, 2048],
  [2048, 768, 768],
  [2048, 768, 3072],
  [2048, 3072, 768],
  [2048, 384, 384],
  [2048, 384, 1536],
  [2048, 1536, 384],
];

/** Measures TensorFlow's own single-precision matrix products, with the threads that it takes by default. */
export function measureMatmul({
  shapes = SHAPES,
  repeats = 7,
}: { shapes?: readonly (readonly [number, number, number])[]; repeats?: number } = {}): MatmulRate[] {
  const { binding } = loadTensorFlow();
  return shapes.map(([m, k, n]) => {
    const a = filled(binding, [m, k]);
    const b = filled(binding, [k, n]);
    const rates = Array.from({ length: repeats + 1 }, () => {
      const start = performance.now();
      const [out] = binding.executeOp("MatMul", attributes(binding), [a, b], 1);
      const seconds = (performance.now() - start) / 1000;
      binding.deleteTensor(out.id);
      return (2 * m * k * n) / seconds / 1e9;
    }).slice(1); // the first packs and warms up
    binding.deleteTensor(a);
    binding.deleteTensor(b);
    const sorted = [...rates].sort((x, y) => x - y);
    return { m, k, n, best: sorted[sorted.length - 1], median: sorted[sorted.length >> 1] };
  });
}

/**
 * Whether an op's call returns when the op is done: the milliseconds of a product's call, and of reading its result
 * then.
 */
export function measureSynchrony(): { call: number; read: number } {
  const { binding } = loadTensorFlow();
  const size = 1536;
  const a = filled(binding, [size, size]);
  const warm = binding.executeOp("MatMul", attributes(binding), [a, a], 1)[0].id;
  const start = performance.now();
  const [out] = binding.executeOp("MatMul", attributes(binding), [a, warm], 1);
  const called = performance.now();
  const [one] = binding.executeOp("MatMul", attributes(binding), [out.id, filled(binding, [size, 1])], 1);
  binding.tensorDataSync(one.id);
  const read = performance.now() - called;
  for (const id of [a, warm, out.id, one.id]) binding.deleteTensor(id);
  return { call: called - start, read };
}

function filled(binding: Binding, shape: number[]): number {
  return binding.createTensor(
    shape,
    binding.TF_FLOAT,
    Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5),
  );
}

function attributes(binding: Binding): { name: string; type: number; value: boolean | number }[] {
  return [
    { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: "transpose_a", type: binding.TF_ATTR_BOOL, value: false },
    { name: "transpose_b", type: binding.TF_ATTR_BOOL, value: false },
  ];
}
