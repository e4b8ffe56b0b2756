import { isRecord } from "./json";
import type { Notebook, Output } from "./notebook-types";
import { checkNotebook } from "./parse-notebook";

/**
 * A notebook as nbformat writes it: keys sorted, one blank of indent, texts as lists of lines, so that a saved copy
 * differs from one that Jupyter saved only where the content does. Checked against the format.
 *
 * @param path - what messages call the file
 */
export function serializeNotebook(notebook: Notebook, path: string): string {
  const plain = {
    ...notebook,
    cells: notebook.cells.map((cell) => ({
      ...cell,
      source: lines(cell.source),
      ...(cell.cell_type === "code" && { outputs: cell.outputs.map(plainOutput) }),
    })),
  };
  checkNotebook(plain, path);
  return `${JSON.stringify(sorted(plain), null, 1)}\n`;
}

function plainOutput(output: Output): Record<string, unknown> {
  if (output.output_type === "stream") return { ...output, text: lines(output.text) };
  if (output.output_type === "error") return { ...output };
  const saved: Record<string, unknown> = { ...output };
  delete saved.transient;
  const data = Object.entries(output.data).map(([mime, value]) => [mime, typeof value === "string" && isText(mime) ? lines(value) : value] as const);
  return { ...saved, data: Object.fromEntries(data) };
}

/** The types that nbformat writes as lines; others, such as base64, stay one string. */
function isText(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml" || mime === "application/javascript";
}

/** Lines with their line ends, as `str.splitlines(keepends=True)` for "\n". */
function lines(text: string): string[] {
  const parts = text.split("\n");
  const last = parts.pop() ?? "";
  return [...parts.map((line) => `${line}\n`), ...(last === "" ? [] : [last])];
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}
