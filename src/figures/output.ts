import { kernelDisplay, type KernelDisplay } from "./kernel-display";

/** Where things are shown: in the output of a notebook's cell, or as text on a terminal or in a log. */
export type Output =
  | ({ readonly kind: "notebook" } & KernelDisplay)
  | { readonly kind: "text"; readonly terminal: boolean; write(text: string): void };

/** Where this process shows things. */
export function processOutput(): Output {
  const kernel = kernelDisplay();
  if (kernel !== undefined) return { kind: "notebook", ...kernel };
  return { kind: "text", terminal: process.stdout.isTTY, write: (text) => void process.stdout.write(text) };
}
