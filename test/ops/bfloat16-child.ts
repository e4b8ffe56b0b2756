import { kernelOps } from "../../src/ops/kernel-ops";
import { bfloat16Product, CASES } from "./bfloat16-cases";

/** Prints the bits of all cases' products, by each method that the instruction set has. */
async function main(): Promise<void> {
  const found: Record<string, string[]> = {};
  for (const method of kernelOps().bfloat16Methods) {
    const ops = kernelOps(undefined, { bfloat16: method });
    found[method] = [];
    for (const given of Object.values(CASES))
      found[method].push(Buffer.from((await bfloat16Product(ops, given)).buffer).toString("base64"));
  }
  console.log(JSON.stringify(found));
}

void main();
