import { readFile } from "node:fs/promises";

import { expandHome } from "../../base/files/expand-home";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { gatherOptions } from "../options/gather-options";
import { DATA_OPTIONS, SPLIT_OPTIONS } from "../options/shared-options";
import { pick, type OptionValues } from "../options/option-table";
import { SWEEP_FILE_OPTIONS } from "../options/sweep-options";

/** A sweep's file: the options of its data and of the sweep. */
export interface SweepFile {
  readonly path: string;
  readonly data: OptionValues<typeof DATA_OPTIONS>;
  readonly split: OptionValues<typeof SPLIT_OPTIONS>;
  readonly sweep: OptionValues<typeof SWEEP_FILE_OPTIONS>;
}

/**
 * Reads a sweep's file, YAML or JSON, and checks its keys. The library checks the mappings' entries.
 *
 * @throws TsloraError `bad-option` that lists every unknown key and wrong value, each with its line
 */
export async function readSweepFile(path: string): Promise<SweepFile> {
  const groups = [SWEEP_FILE_OPTIONS, DATA_OPTIONS, SPLIT_OPTIONS].map((options) => ({ title: "", options }));
  const values = await gatherOptions("sweep", groups, { config: [path] });
  const problems = new Problems(`tslora sweep: ${path}`);
  problems.expect("space" in values, "space must be given: the settings to search, each with its range");
  problems.throwIfAny();
  return {
    path,
    data: pick(values, DATA_OPTIONS),
    split: pick(values, SPLIT_OPTIONS),
    sweep: pick(values, SWEEP_FILE_OPTIONS),
  };
}

/** Adds the file's line to each problem of the library that names a key of it, such as `space.r.low must be …`. */
export async function withLines(path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof TsloraError) || !Array.isArray(error.details.problems)) return error;
  const lines = await linesOfKeys(path);
  const problems = new Problems("tslora sweep");
  for (const problem of error.details.problems as readonly string[]) {
    const line = lineOf(problem, lines);
    problems.expect(false, line === undefined ? problem : `${path}, line ${line}: ${problem}`);
  }
  try {
    problems.throwIfAny(error.code);
  } catch (better) {
    return better;
  }
  return error;
}

function lineOf(problem: string, lines: ReadonlyMap<string, number>): number | undefined {
  const key = /^[\w.]+/.exec(problem)?.[0].replace(/\.$/, "") ?? "";
  for (const start of ["", "space.", "training.", "adapter."])
    for (let path = start + key; path !== "" && `${path}.` !== start; path = path.replace(/\.?[^.]*$/, "")) {
      const line = lines.get(path);
      if (line !== undefined && `${path}.` !== start) return line;
    }
  return undefined;
}

/** The line of each key of a YAML or JSON file, by its path: `space.r.low`. */
async function linesOfKeys(path: string): Promise<ReadonlyMap<string, number>> {
  const { isMap, isScalar, LineCounter, parseDocument } = await import("yaml");
  const lineCounter = new LineCounter();
  const { contents } = parseDocument(await readFile(expandHome(path), "utf8"), { lineCounter });
  const lines = new Map<string, number>();
  const visit = (node: unknown, start: string): void => {
    if (!isMap(node)) return;
    for (const { key, value } of node.items) {
      if (!isScalar(key) || !key.range) continue;
      const name = `${start}${String(key.value)}`;
      lines.set(name, lineCounter.linePos(key.range[0]).line);
      visit(value, `${name}.`);
    }
  };
  visit(contents, "");
  return lines;
}
