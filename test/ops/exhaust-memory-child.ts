import { TsloraError } from "../../src/base/tslora-error";
import { graphOps } from "../../src/ops/graph-ops";
import { kernelOps } from "../../src/ops/kernel-ops";
import { tensorflowOps } from "../../src/ops/tensorflow-ops";

const MAKERS = { kernelOps, tensorflowOps, graphOps };

/** Multiplies matrices and keeps the results until TensorFlow has no memory left; prints the error. */
async function main(maker: keyof typeof MAKERS): Promise<void> {
  const ops = MAKERS[maker]();
  const x = ops.float(new Float32Array(1024 * 1024), [1024, 1024]);
  try {
    for (let i = 0; i < 100; i++) await ops.read(ops.matMul(x, x));
    console.log("no error");
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    const { code, message, cause } = error;
    console.log(JSON.stringify({ code, message, cause: cause instanceof Error ? cause.message : null }));
  }
}

void main(process.argv[2] as keyof typeof MAKERS);
