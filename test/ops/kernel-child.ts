import { kernelOps } from "../../src/ops/kernel-ops";
import { kernelResults, readNumbers, WIDTHS } from "./kernel-results";

// Prints the kernels' results: under another set of instructions, or on another number of threads, than its parent's.
async function main(): Promise<void> {
  const ops = kernelOps();
  const all: Record<string, number[]>[] = [];
  for (const width of WIDTHS) all.push(await kernelResults(ops, { width, rate: 0.3 }, readNumbers));
  process.stdout.write(JSON.stringify(all));
}
void main();
