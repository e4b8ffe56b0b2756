import { extname } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { readTextFile } from "../../base/files/read-text-file";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import { yamlProblem } from "../../base/yaml-problem";
import { isRecord } from "../../base/json";
import { parseJson } from "../../notebook/format/parse-json";

/** Bytes that a file of options may have. */
const MAX_BYTES = 1 << 24;

/** A value from a configuration file, and its line. */
export interface ConfigEntry {
  /** The key as the file spells it. */
  readonly name: string;
  readonly value: unknown;
  /** Counted from 1; YAML only. */
  readonly line?: number;
}

/**
 * Reads a configuration file: one mapping, in YAML 1.2 or JSON.
 *
 * @throws TsloraError `not-found`, `unsupported` for another extension, `bad-input` with the wrong line.
 */
export async function readConfigFile(given: string): Promise<readonly ConfigEntry[]> {
  const path = expandHome(given);
  const kind = extname(path).toLowerCase();
  if (![".json", ".yaml", ".yml"].includes(kind))
    throw new TsloraError("unsupported", `--config must be a file that ends in .yaml, .yml or .json; got ${path}.`, {
      details: { path },
    });
  const content = await readTextFile(path, {
    maxBytes: MAX_BYTES,
    pipe: true,
    called: `--config: the file ${shownPath(path)}`,
  });
  if (kind !== ".json") return readYaml(content, path);
  const value = parseJson(content, path);
  if (!isRecord(value)) throw notAMapping(path);
  return Object.entries(value).map(([name, entry]) => ({ name, value: entry }));
}

async function readYaml(content: string, path: string): Promise<ConfigEntry[]> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const document = parseDocument(content, { lineCounter, prettyErrors: true });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem !== undefined)
    throw new TsloraError("bad-input", `${path} ${yamlProblem(problem.message.trimEnd())}`, {
      cause: problem,
      details: { path },
    });
  const { contents } = document;
  if (contents === null) return [];
  if (!isMap(contents)) throw notAMapping(path);
  return contents.items.map(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : String(key);
    const range = isScalar(key) ? key.range : undefined;
    const plain = plainValue(() => document.createNode(value).toJS(document) as unknown, path);
    return { name, value: plain, ...(range ? { line: lineCounter.linePos(range[0]).line } : {}) };
  });
}

/** @param read - expands aliases; the library refuses aliases that multiply */
function plainValue(read: () => unknown, path: string): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof RangeError)
      throw new TsloraError(
        "bad-input",
        `${path} has aliases that multiply, or is nested too deeply. Write its values out.`,
        { cause: error, details: { path } },
      );
    throw error;
  }
}

function notAMapping(path: string): TsloraError {
  return new TsloraError("bad-input", `${path} must hold options by name, such as learningRate: 1e-3.`, {
    details: { path },
  });
}
