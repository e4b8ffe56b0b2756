import { kernelOps } from "../../src/ops/kernel-ops";
import { extremeCase, int8Results, normalCase, oddCase, SHAPES } from "./int8-cases";

/** Prints the bits of all cases' results, by each method that the instruction set has. */
async function main(): Promise<void> {
  const ops = kernelOps();
  const found: Record<string, string[]> = {};
  for (const method of ops.int8.methods) {
    found[method] = [];
    for (const given of [...SHAPES.map((shape) => normalCase(shape)), oddCase(), extremeCase(301)]) {
      const { y, weight, channels } = await int8Results(ops, given, method);
      for (const part of [y, weight, channels]) found[method].push(Buffer.from(part.buffer).toString("base64"));
    }
  }
  console.log(JSON.stringify(found));
}

void main();
