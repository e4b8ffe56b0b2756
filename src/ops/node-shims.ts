/**
 * Prepares Node for TensorFlow. Import this file before TensorFlow, for its effect.
 *
 * tfjs-node 4.22 calls `util.isNullOrUndefined` and friends, which Node 23 took away, and `util.isArray`, of which Node
 * 22 and later warn.
 */
import util from "node:util";

const gone: Record<string, (value: unknown) => boolean> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isUndefined: (value) => value === undefined,
  isArray: (value) => Array.isArray(value),
};
const target = util as unknown as Record<string, unknown>;
Object.assign(target, gone);

// TensorFlow greets on stderr at level 0 and 1; errors and warnings stay.
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";

// TensorFlow takes all of a GPU's memory at once by default, and CUDA keeps too little of what it compiles
// for a GPU newer than TensorFlow's binary.
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
process.env.CUDA_CACHE_MAXSIZE ??= String(2 ** 32 - 1);
// On GPUs that can, TensorFlow has cuBLAS round the operands of 32-bit products to 10 bits (TF32); PyTorch does not.
process.env.NVIDIA_TF32_OVERRIDE ??= "0";
// A process has one TensorFlow device, and danfojs loads TensorFlow as it is imported.
if (process.env.TSLORA_DEVICE === "cpu" || process.env.TSLORA_DEVICE === "webgpu")
  process.env.CUDA_VISIBLE_DEVICES = "-1";
