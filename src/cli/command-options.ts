import { readFile } from "node:fs/promises";

import { InvalidArgumentError } from "commander";

import { TsloraError } from "../base/tslora-error";
import { isRecord } from "../notebook/json";
import { parseJson } from "../notebook/parse-json";

/** Takes one more `name=value` into the parameters given so far. */
export function collectParameter(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError(`Expected name=value, for example -p epochs=3; got ${JSON.stringify(text)}.`);
  return { ...before, [text.slice(0, at).trim()]: text.slice(at + 1) };
}

/** A time as milliseconds: seconds, or a number with s, m or h. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(s|m|h)?$/.exec(text.trim());
  const ms = match === null ? NaN : Number(match[1]) * { s: 1000, m: 60_000, h: 3_600_000 }[(match[2] as "s" | "m" | "h" | undefined) ?? "s"];
  if (!(ms > 0 && ms < 2 ** 31)) throw new InvalidArgumentError(`Expected a time above 0 and below 24 days, such as 90, 90s, 15m or 2h; got ${JSON.stringify(text)}.`);
  return ms;
}

/** Parameters from a JSON file that holds one object. */
export async function readParameterFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new TsloraError("not-found", `The parameter file ${path} cannot be read (${error instanceof Error ? error.message : String(error)}).`, { cause: error, details: { path } });
  }
  const value = parseJson(text, path);
  if (!isRecord(value)) throw new TsloraError("bad-input", `${path} was expected to hold one JSON object, with parameters by name.`, { details: { path } });
  return value;
}
