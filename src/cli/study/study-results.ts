import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { compareEvaluations } from "../../evaluation/comparison/compare-evaluations";
import type { StudyResults } from "../../report/study-results";
import { table } from "../terminal/terminal";

/** The before-and-after table of a study's results, for a terminal: the rows of the published table. */
export function resultLines(results: StudyResults): string[] {
  const { before, after, baseline, about } = results;
  // without the intervals
  const { rows } = compareEvaluations(before, after, { baseline, resamples: 1, published: about === "study" });
  const shown = (value: number | null): string => (value === null ? "" : value.toFixed(3));
  const lines = rows.map((row) => [
    row.metric,
    shown(row.before),
    shown(row.after),
    `${row.change >= 0 ? "+" : ""}${shown(row.change)}`,
    shown(row.baseline),
  ]);
  return [factsOf(results), ...table([["", "before", "after", "change", "baseline"], ...lines])];
}

/** One line about the run. */
export function factsOf({ model, data, dataName, method, seed, elapsed }: StudyResults): string {
  return `model ${model}, data ${dataName ?? data}, method ${method}, seed ${seed}, trained in ${elapsed.toFixed(0)} s`;
}

/** Folders of adapters in an output folder, by their adapter_config.json; at most two levels deep. */
export function findAdapters(folder: string, depth = 2): string[] {
  if (!existsSync(folder)) return [];
  if (existsSync(join(folder, "adapter_config.json"))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isDirectory())
    .flatMap((path) => findAdapters(path, depth - 1));
}
