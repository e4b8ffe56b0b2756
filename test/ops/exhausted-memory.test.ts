import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);

test("where memory runs out, the error says which tensor had no room and what to change", async () => {
  const child = join(__dirname, "exhaust-memory-child.js");
  const env = { ...process.env, TSLORA_DEVICE: "cpu", TF_CPU_BFC_MEM_LIMIT_IN_MB: "64" };
  const makers = ["kernelOps", "tensorflowOps", "graphOps"]; // TensorFlow waits ten seconds: side by side
  const outputs = await Promise.all(makers.map((maker) => run(process.execPath, [child, maker], { env })));
  for (const [i, { stdout }] of outputs.entries()) {
    const { code, message, cause } = JSON.parse(stdout) as { code: string; message: string; cause: string };
    assert.equal(code, "device", makers[i]);
    assert.match(message, /^The processor has no memory left for a tensor of shape \[1024, 1024\]\. Choose a smaller/);
    assert.match(message, /maxTokensPerPass or maxLength/);
    assert.match(cause, /OOM when allocating tensor/);
  }
});
