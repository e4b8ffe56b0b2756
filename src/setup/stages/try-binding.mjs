// @ts-check
// Runs in its own process, since it may crash: loads the binding named on the command line and multiplies two matrices.
import { constants } from "node:os";

const target = { exports: /** @type {any} */ ({}) };
process.dlopen(target, process.argv[2] ?? "", constants.dlopen.RTLD_LAZY);
const binding = target.exports;

const a = binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array([1, 2, 3, 4]));
const b = binding.createTensor([2, 2], binding.TF_FLOAT, new Float32Array([5, 6, 7, 8]));
const attributes = [
  { name: "transpose_a", type: binding.TF_ATTR_BOOL, value: false },
  { name: "transpose_b", type: binding.TF_ATTR_BOOL, value: false },
  { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
];
const [product] = binding.executeOp("MatMul", attributes, [a, b], 1);
const values = [...binding.tensorDataSync(product.id)];
if (values.join() !== "19,22,43,50") {
  console.error(
    `TensorFlow ${binding.TF_Version} multiplied [[1, 2], [3, 4]] by [[5, 6], [7, 8]] to [${values.join(", ")}], not to [19, 22, 43, 50].`,
  );
  process.exitCode = 1;
}
