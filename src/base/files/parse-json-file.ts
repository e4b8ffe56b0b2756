import { readTextFile, type ReadTextOptions } from "./read-text-file";
import { shownPath } from "../shown-path";
import { shownValue } from "../shown-value";
import { TsloraError } from "../tslora-error";

/** Limit of nesting in the JSON of a model, adapter or checkpoint; real ones have fewer than ten levels. */
const MAX_DEPTH = 64;

/**
 * Parses the JSON of an untrusted file. Limits nesting, so functions may recurse through the result. Refuses an object
 * with a repeated key, since readers disagree about its value.
 *
 * @param called - name of the file in messages
 * @throws TsloraError `bad-input`, with a short message for any content.
 */
export function parseUntrustedJson(text: string, called: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, 120) : "";
    throw new TsloraError("bad-input", `${called} is not JSON (${why}). Was its download cut off?`, { cause: error });
  }
  const fault = faultOf(text);
  if (fault !== undefined) throw new TsloraError("bad-input", `${called} ${fault}.`);
  return value;
}

/** The same for a file that must hold an object. */
export function parseUntrustedObject(text: string, called: string): Record<string, unknown> {
  const json = parseUntrustedJson(text, called);
  if (typeof json !== "object" || json === null || Array.isArray(json))
    throw new TsloraError("bad-input", `${called} must hold a JSON object; it holds ${shownValue(json)}.`);
  return json as Record<string, unknown>;
}

/**
 * Reads a JSON object from an untrusted file; see {@link parseUntrustedJson}.
 *
 * @throws TsloraError `not-found` if there is no file, `bad-input` for any other fault.
 */
export async function readJsonObject(path: string, options: ReadTextOptions = {}): Promise<Record<string, unknown>> {
  return parseUntrustedObject(await readTextFile(path, options), options.called ?? shownPath(path));
}

/** Checks valid JSON text for deep nesting and repeated keys. */
function faultOf(text: string): string | undefined {
  const keys: (Set<string> | undefined)[] = []; // keys of each open object; undefined for a list
  let expectsKey = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === 0x22) {
      const start = at;
      for (at++; text.charCodeAt(at) !== 0x22; at++) if (text.charCodeAt(at) === 0x5c) at++;
      if (!expectsKey) continue;
      expectsKey = false;
      const raw = text.slice(start + 1, at);
      const key = raw.includes("\\") ? (JSON.parse(text.slice(start, at + 1)) as string) : raw;
      const seen = keys.at(-1);
      if (seen?.has(key) === true) return `has the key ${shownValue(key)} twice in one object`;
      seen?.add(key);
    } else if (char === 0x7b || char === 0x5b) {
      expectsKey = char === 0x7b;
      keys.push(expectsKey ? new Set() : undefined);
      if (keys.length > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH} levels`;
    } else if (char === 0x7d || char === 0x5d) {
      keys.pop();
      expectsKey = false;
    } else if (char === 0x2c) expectsKey = keys.at(-1) !== undefined;
  }
  return undefined;
}
