import type { ErrorOutput } from "./notebook-types";

/** An error without a stack, as an output. */
export function plainError(ename: string, evalue: string): ErrorOutput {
  return { output_type: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] };
}
