import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { checkNotebook } from "./check-format";
import { isRecord, type JsonRecord } from "../../base/json";
import { joinLines } from "./join-lines";
import { isJsonMime, type Notebook } from "./notebook-types";
import { mendMetadata } from "./mend-metadata";
import { parseJson } from "./parse-json";
import { upgradeNotebook } from "./upgrade-notebook";

/** Options of reading a notebook. */
export interface ParseOptions {
  /** Called for each repair, such as an id for a cell without one. @default not called */
  readonly onNote?: (note: string) => void;
}

/**
 * Reads a notebook's text. Older formats are converted to 4.5 as nbformat does (cells get ids that are the same in
 * every run), multi-line texts are joined, and the result is checked against the format.
 *
 * @param path - the file's name in messages
 * @throws TsloraError `bad-input` for broken JSON (with line and column) or a notebook that breaks the format (with
 * the cell), `unsupported` for a major version that is not known.
 */
export function parseNotebook(text: string, path: string, options: ParseOptions = {}): Notebook {
  const value = parseJson(text, path);
  if (!isRecord(value) || !("nbformat" in value || isOfV1(value))) {
    throw new TsloraError(
      "bad-input",
      `${path} is JSON, but not a notebook: it has no "nbformat". Give a .ipynb file.`,
      { details: { path } },
    );
  }
  const upgraded = upgradeNotebook(value, (what) => options.onNote?.(`${path}: ${what}`));
  if (upgraded === undefined) {
    throw new TsloraError(
      "unsupported",
      `${path} is of nbformat ${shownValue(value.nbformat)}; the newest that is known is 4. ` +
        "Save it as nbformat 4 in the program that wrote it.",
      {
        details: { path, nbformat: value.nbformat },
      },
    );
  }
  const mended = mendMetadata(upgraded, (what) => options.onNote?.(`${path}: ${what}`));
  checkNotebook(mended, path);
  return joinTexts(mended) as unknown as Notebook; // its shape has just been checked
}

/** The first notebooks had no "nbformat"; their cells had "code" or "text". */
function isOfV1({ cells }: JsonRecord): boolean {
  return (
    Array.isArray(cells) &&
    cells.length > 0 &&
    cells.every((cell) => isRecord(cell) && (typeof cell.code === "string" || typeof cell.text === "string"))
  );
}

function joinTexts(notebook: JsonRecord): JsonRecord {
  const cells = (Array.isArray(notebook.cells) ? notebook.cells.filter(isRecord) : []).map((cell) => ({
    ...cell,
    source: joinLines(cell.source),
    ...(Array.isArray(cell.outputs) && { outputs: cell.outputs.filter(isRecord).map(joinOutput) }),
    ...(isRecord(cell.attachments) && {
      attachments: mapValues(cell.attachments, (bundle) => (isRecord(bundle) ? joinBundle(bundle) : bundle)),
    }),
  }));
  return { ...notebook, cells };
}

function joinOutput(output: JsonRecord): JsonRecord {
  return {
    ...output,
    ...("text" in output && { text: joinLines(output.text) }),
    ...(isRecord(output.data) && { data: joinBundle(output.data) }),
  };
}

function joinBundle(bundle: JsonRecord): JsonRecord {
  return Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [mime, isJsonMime(mime) ? value : joinLines(value)]),
  );
}

function mapValues(record: JsonRecord, change: (value: unknown) => unknown): JsonRecord {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
