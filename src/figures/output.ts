import { kernelDisplay, type KernelDisplay } from "./kernel-display";

/** The place for output: a notebook cell's output, or text on a terminal or in a log. */
export type Output =
  | ({ readonly kind: "notebook" } & KernelDisplay)
  | { readonly kind: "text"; readonly terminal: boolean; write(text: string): void };

/** The place for this process's output. */
export function processOutput(): Output {
  const kernel = kernelDisplay();
  if (kernel !== undefined) return { kind: "notebook", ...kernel };
  return { kind: "text", terminal: process.stdout.isTTY, write: (text) => void process.stdout.write(text) };
}
