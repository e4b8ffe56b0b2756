import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { isRecord } from "../notebook/json";
import { parseJson } from "../notebook/parse-json";
import { table } from "./terminal";

/**
 * The before-and-after table of a study's `results.json`: a row for each figure, columns before, after, change, and
 * the baseline where it has the figure.
 *
 * @throws TsloraError `bad-input` when the file is not JSON
 */
export async function resultLines(path: string): Promise<string[]> {
  const results = parseJson(await readFile(path, "utf8"), path);
  if (!isRecord(results)) return [`${path} holds no results.`];
  const { before, after, baseline } = results;
  const [first, last] = [figures(before), figures(after)];
  const beside = figures(baseline);
  const names = [...new Set([...first.keys(), ...last.keys()])];
  const hasBaseline = names.some((name) => beside.has(name));
  const facts = (["model", "data", "method", "seed"] as const).flatMap((name) => (name in results ? [`${name} ${typeof results[name] === "string" ? results[name] : JSON.stringify(results[name])}`] : []));
  const rows = names.map((name) => {
    const [from, to] = [first.get(name), last.get(name)];
    const change = from === undefined || to === undefined ? "" : `${to - from >= 0 ? "+" : ""}${shown(to - from)}`;
    return [name, shown(from), shown(to), change, ...(hasBaseline ? [shown(beside.get(name))] : [])];
  });
  return [facts.join(", "), ...table([["", "before", "after", "change", ...(hasBaseline ? ["baseline"] : [])], ...rows])];
}

/** Folders of adapters in an output folder, by their adapter_config.json; at most two levels deep. */
export function findAdapters(folder: string, depth = 2): string[] {
  if (!existsSync(folder)) return [];
  if (existsSync(join(folder, "adapter_config.json"))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder).map((name) => join(folder, name)).filter((path) => statSync(path).isDirectory()).flatMap((path) => findAdapters(path, depth - 1));
}

/** The numbers of an object by name; those of objects inside it as `outer inner`, where there are few. */
function figures(value: unknown, prefix = ""): Map<string, number> {
  const found = new Map<string, number>();
  if (!isRecord(value)) return found;
  for (const [name, inner] of Object.entries(value)) {
    if (typeof inner === "number" && Number.isFinite(inner)) found.set(prefix + name, inner);
    else if (prefix === "") for (const [deeper, number] of figures(inner, `${name} `)) found.set(deeper, number);
  }
  return found;
}

function shown(value: number | undefined): string {
  if (value === undefined) return "";
  return Number.isInteger(value) && Math.abs(value) > 1 ? String(value) : value.toFixed(3);
}
