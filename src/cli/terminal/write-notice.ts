import type { Terminal } from "./terminal";
import { sentence } from "./text-layout";

/** Writes a sentence for the user to standard error. */
export function writeNotice({ err }: Pick<Terminal, "err">, text: string): void {
  err.write(`${sentence(text, err)}\n`);
}
