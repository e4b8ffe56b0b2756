import { TsloraError } from "./tslora-error";

/**
 * The content of a JSON file of a model's folder.
 *
 * @throws TsloraError `bad-input` when it is not JSON.
 */
export function parseDownloadedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TsloraError("bad-input", `${path} is not JSON (${error instanceof Error ? error.message : ""}). Was its download cut off?`, { cause: error });
  }
}

/** The same, where it is to be an object. */
export function parseDownloadedObject(text: string, path: string): Record<string, unknown> {
  const json = parseDownloadedJson(text, path);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new TsloraError("bad-input", `${path} was expected to hold a JSON object.`);
  return json as Record<string, unknown>;
}
