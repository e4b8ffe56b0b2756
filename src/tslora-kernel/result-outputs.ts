import { inspect } from "node:util";

import { isShowable, show } from "../figures/show";
import type { Display } from "../figures/kernel-display";
import type { JsonRecord } from "../base/json";

/** A value in several forms, by MIME type. */
export type MimeBundle = JsonRecord;

/** The name of the method that returns an object's outputs; other JavaScript kernels also call it. */
const OWN = Symbol.for("Jupyter.display");

/**
 * Converts the value of a cell's last expression to outputs; the first is the cell's result. Shows figures, tables,
 * evaluations, comparisons and data frames as `show` does, and prints other values as tslab does.
 *
 * @param run - identifies the running cell, as for `show`
 */
export async function resultOutputs(value: unknown, run: unknown): Promise<MimeBundle[]> {
  const own = typeof value === "object" && value !== null ? (value as Record<symbol, unknown>)[OWN] : undefined;
  if (typeof own === "function") {
    const bundle: unknown = await own.call(value);
    if (typeof bundle === "object" && bundle !== null) return [{ ...bundle }];
  }
  if (!isShowable(value)) return [{ "text/plain": typeof value === "string" ? value : inspect(value) }];
  const bundles: Record<string, string>[] = [];
  const newDisplay = (): Display => {
    const bundle: Record<string, string> = {};
    bundles.push(bundle);
    return {
      html: (text) => (bundle["text/html"] = text),
      svg: (text) => (bundle["image/svg+xml"] = text),
      markdown: (text) => (bundle["text/markdown"] = text),
    };
  };
  show(value, { output: { kind: "notebook", newDisplay, run } });
  let text = "";
  show(value, { output: { kind: "text", terminal: false, write: (more) => (text += more) } });
  const [first, ...rest] = bundles;
  return [{ ...first, "text/plain": text.trimEnd() }, ...rest];
}
