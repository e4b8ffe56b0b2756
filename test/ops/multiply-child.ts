import { tensorflowOps } from "../../src/ops/tensorflow-ops";

/** Multiplies small matrices, as a model does with short texts, until it has handled so many signals meanwhile. */
async function main(signals: number): Promise<void> {
  const ops = tensorflowOps();
  let handled = 0;
  process.on("SIGUSR2", () => handled++);
  const matrix = (rows: number, columns: number): ReturnType<typeof ops.float> =>
    ops.float(new Float32Array(rows * columns).fill(0.01), [rows, columns]);
  const square = matrix(384, 384);
  console.log("ready");
  while (handled < signals) {
    for (let rows = 12; rows <= 18; rows++) {
      const x = matrix(rows, 384);
      ops.tidy(() => void Array.from({ length: 20 }, () => ops.matMul(x, square)));
      ops.dispose(x);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(`handled ${handled}`);
  process.exit();
}

void main(Number(process.argv[2]));
