import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { isRecord } from "../../base/json";
import { setUpFolder } from "../../base/places";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import { PYTHON_SCRIPT } from "./python-script";
import type { RuntimeLogits } from "./runtime-logits";

/** A Python with the reference libraries, or the reason why there is none. */
export type FoundPython =
  { readonly kind: "found"; readonly path: string } | { readonly kind: "none"; readonly reason: string };

/**
 * Finds a Python with torch, transformers and peft: the given one, the one that TSLORA_REFERENCE_PYTHON names, or the
 * one that `npm run setup -- reference` installs.
 */
export function findPython(given?: string): FoundPython {
  const named = given ?? process.env.TSLORA_REFERENCE_PYTHON ?? "";
  if (named !== "") return { kind: "found", path: named };
  const own = join(setUpFolder(), "reference", "bin", "python");
  if (existsSync(own)) return { kind: "found", path: own };
  const reason = `there is no ${shownPath(own)} (npm run setup -- reference installs it), and no other one is named`;
  return { kind: "none", reason };
}

/** The inputs of Python's logits. */
export interface PythonRequest {
  /** Folder of the base model. */
  readonly base: string;
  /** Folder of the adapter. */
  readonly adapter: string;
  /** The exported model's file. */
  readonly onnx: string;
  readonly texts: readonly string[];
  /** Number of labels. */
  readonly labels: number;
  readonly maxLength: number;
}

/**
 * Logits by Python's transformers and peft, and by its onnxruntime where it has one.
 *
 * @throws TsloraError `not-found` if the program cannot be started or lacks a package, `bad-input` if it fails,
 *   `aborted` if `signal` stopped it.
 */
export async function pythonLogits(
  python: string,
  request: PythonRequest,
  { signal }: { signal?: AbortSignal } = {},
): Promise<RuntimeLogits[]> {
  const child = spawn(python, ["-c", PYTHON_SCRIPT], { stdio: "pipe", signal });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text));
  child.stdin.on("error", () => undefined); // the program ended early; its exit code and output are checked below
  child.stdin.end(JSON.stringify(request));
  const [code] = (await once(child, "close").catch((error: unknown) => {
    if (signal?.aborted === true)
      throw new TsloraError("aborted", "The computation of Python's logits was stopped.", { cause: error });
    const why = error instanceof Error ? error.message : String(error);
    throw new TsloraError("not-found", `${shownPath(python)} must be a Python; it cannot be started (${why}).`, {
      cause: error,
    });
  })) as [number | null];
  if (code !== 0) {
    const last = printed.err.trim().split("\n").at(-1) ?? "";
    throw new TsloraError("bad-input", `${shownPath(python)} could not compute the logits: ${last.slice(0, 300)}`);
  }
  const answer: unknown = JSON.parse(printed.out);
  if (!isRecord(answer) || !Array.isArray(answer.results)) {
    const missing = isRecord(answer) && Array.isArray(answer.missing) ? answer.missing.join(", ") : "packages";
    throw new TsloraError("not-found", `${shownPath(python)} lacks ${missing}. Name another Python.`);
  }
  return answer.results as RuntimeLogits[];
}
