/**
 * Prepares Node for TensorFlow. Import this file before TensorFlow, for its effect.
 *
 * tfjs-node 4.22 calls `util.isNullOrUndefined` and `util.isUndefined`, which Node 23 removed, and `util.isArray`, for
 * which Node 22 and later print a warning.
 */
import { totalmem } from "node:os";
import util from "node:util";

const gone: Record<string, (value: unknown) => boolean> = {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isUndefined: (value) => value === undefined,
  isArray: (value) => Array.isArray(value),
};
const target = util as unknown as Record<string, unknown>;
Object.assign(target, gone);

// Hides the messages that TensorFlow prints at start, at levels 0 and 1; errors and warnings stay.
process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";

// TensorFlow turns on oneDNN where a processor has AVX512-VNNI. It rewrites recorded functions there, so that their
// results differ in the last bits from those of the same operations run one by one. Beside our kernels it saves no
// time.
process.env.TF_ENABLE_ONEDNN_OPTS ??= "0";

// Tensors of the processor come from TensorFlow's own allocator (best fit with coalescing), as those of a GPU do. The C
// library's leaves much memory unused between tensors whose sizes change from pass to pass, and returns large ones to
// the system at once, which then clears them again. The limit is the machine's memory, or the container's.
process.env.TF_CPU_ALLOCATOR_USE_BFC ??= "true";
const allowed = process.constrainedMemory() || Infinity; // 0: no limit, or an unknown one
process.env.TF_CPU_BFC_MEM_LIMIT_IN_MB ??= String(Math.ceil(Math.min(totalmem(), allowed) / 2 ** 20));

// By default TensorFlow takes all of a GPU's memory at once, and CUDA's cache is too small for the code that it
// compiles for a GPU newer than TensorFlow's binary.
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= "true";
process.env.CUDA_CACHE_MAXSIZE ??= String(2 ** 32 - 1);
// Turns off TF32: on GPUs that have it, TensorFlow lets cuBLAS round the operands of 32-bit products to 10 bits.
// PyTorch does not.
process.env.NVIDIA_TF32_OVERRIDE ??= "0";
// Hides the GPU here, since danfojs loads TensorFlow on import and a process has one TensorFlow device.
if (process.env.TSLORA_DEVICE === "cpu" || process.env.TSLORA_DEVICE === "webgpu")
  process.env.CUDA_VISIBLE_DEVICES = "-1";
