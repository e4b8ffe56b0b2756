import { InvalidArgumentError } from "commander";

import { expandHome } from "../base/files/expand-home";
import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import type * as IgnorePattern from "../notebook/check/ignore-pattern";
import { parseExactJson } from "../notebook/parameters/exact-json";
import { Readings } from "../notebook/parameters/parameter-value";

/** Adds one `name=value` to the parameters given so far. */
export function collectParameter(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1)
    throw new InvalidArgumentError(`It must be name=value, for example -p epochs=3; got ${JSON.stringify(text)}.`);
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) };
}

/** Parses a time in seconds, or with s, m or h, to milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(s|m|h)?$/.exec(text.trim());
  const ms =
    match === null
      ? NaN
      : Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[(match[2] as "s" | "m" | "h" | undefined) ?? "s"];
  if (!(ms > 0 && ms < 2 ** 31))
    throw new InvalidArgumentError(
      `It must be a time above 0 and below 24 days, such as 90, 90s, 15m or 2h; got ${JSON.stringify(text)}.`,
    );
  return ms;
}

/** Parses a size in characters: a number with kB, MB or GB, or `none` for no limit. */
export function parseSize(text: string): number {
  if (text.trim() === "none") return Infinity;
  const match = /^(\d+(?:\.\d+)?)\s*([kMG]?)B?$/i.exec(text.trim());
  const size = match === null ? NaN : Number(match[1]) * ({ k: 1e3, m: 1e6, g: 1e9 }[match[2].toLowerCase()] ?? 1);
  if (!(size >= 1000 && size < Infinity))
    throw new InvalidArgumentError(
      `It must be a size from 1kB, such as 500kB or 20MB, or none; got ${JSON.stringify(text.slice(0, 40))}.`,
    );
  return size;
}

/** Parameters of the command line, by option. */
export interface ParameterFlags {
  readonly file?: readonly string[];
  readonly yaml?: readonly string[];
  readonly param?: Readonly<Record<string, string>>;
  readonly raw?: Readonly<Record<string, string>>;
}

/** Parameters by name, and the names of those whose texts are used as they are, without parsing. */
export interface GivenParameters {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly rawParameters: readonly string[];
}

/** Gathers parameters as papermill does, from files, YAML texts, `-p` and `-r`; the later ones win. */
export async function gatherParameters({
  file = [],
  yaml = [],
  param = {},
  raw = {},
}: ParameterFlags): Promise<GivenParameters> {
  const typed: Record<string, unknown> = {};
  for (const path of file) Object.assign(typed, await readParameterFile(path));
  for (const text of yaml) Object.assign(typed, byName(await parseYaml(text, "-y"), "-y"));
  const rawNames = [...Object.keys(typed).filter((name) => !Object.hasOwn(param, name)), ...Object.keys(raw)];
  return { parameters: { ...typed, ...param, ...raw }, rawParameters: [...new Set(rawNames)] };
}

/** Adds one text to a list. */
export function collectText(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Parses a whole number from 1. */
export function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text.trim()))
    throw new InvalidArgumentError(`It must be a whole number from 1; got ${JSON.stringify(text)}.`);
  return Number(text);
}

/** Parses a number from 0. */
export function parseNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= 0 && value < Infinity))
    throw new InvalidArgumentError(`It must be a number from 0; got ${JSON.stringify(text)}.`);
  return value;
}

/** Adds one pattern of {@link ignorePattern} to a list. */
export function collectPattern(text: string, before: readonly string[] = []): string[] {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- few runs need it, and commander does not await
  const { ignorePattern } = require("../notebook/check/ignore-pattern") as typeof IgnorePattern;
  try {
    ignorePattern(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  return [...before, text];
}

/** The largest size of a parameter file in bytes. */
const MAX_BYTES = 1 << 24;

/** Reads parameters from a file that holds one object, in JSON or YAML. */
export async function readParameterFile(given: string): Promise<Readonly<Record<string, unknown>>> {
  const path = expandHome(given);
  const text = await readTextFile(path, {
    maxBytes: MAX_BYTES,
    pipe: true,
    called: `The parameter file ${shownPath(path)}`,
  });
  if (/\.json$/i.test(path)) return byName(parseExactJson(text, { path }), path);
  return byName(await parseYaml(text, path), path);
}

async function parseYaml(text: string, path: string): Promise<unknown> {
  return (await import("./run/parameter-yaml.js")).readYaml(text, path);
}

/** The parameters of a file by name; none for an empty file. */
function byName(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (value === null) return {};
  const expected = `${path} must hold one map, with parameters by name`;
  if (!(value instanceof Map))
    throw new TsloraError("bad-input", `${expected}; got ${Array.isArray(value) ? "a list" : "a single value"}.`, {
      details: { path },
    });
  const entries = [...(value as Map<unknown, unknown>)].map(([key, item]) => {
    const name = key instanceof Readings ? key.of.find((reading) => typeof reading === "string") : key;
    if (typeof name !== "string")
      throw new TsloraError("bad-input", `${expected}; got the name ${String(name)}.`, { details: { path } });
    return [name, item] as const;
  });
  return Object.fromEntries(entries);
}
