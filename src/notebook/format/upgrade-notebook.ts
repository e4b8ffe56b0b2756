import { createHash } from "node:crypto";

import { isRecord, type JsonRecord } from "../../base/json";
import { shownValue } from "../../base/shown-value";
import { withoutKeys } from "./without-keys";

/** MIME types by the names that nbformat 3 had for them. */
const MIME: Readonly<Record<string, string>> = {
  text: "text/plain",
  html: "text/html",
  svg: "image/svg+xml",
  png: "image/png",
  jpeg: "image/jpeg",
  latex: "text/latex",
  json: "application/json",
  javascript: "application/javascript",
};

/**
 * Converts a notebook of any format to 4.5 as nbformat does (v1 and v2 through v3). Cells without an id, or with an
 * earlier cell's id, get one that is the same at every reading. The argument is unchanged.
 *
 * @param onRepair - called for each repair of a notebook that claims to be of 4.5
 * @returns undefined for an unknown major version
 */
export function upgradeNotebook(
  notebook: JsonRecord,
  onRepair: (what: string) => void = () => undefined,
): JsonRecord | undefined {
  const major = notebook.nbformat ?? 1; // the first notebooks had no version
  if (major === 1)
    return withIds(fromWorksheets({ metadata: {}, worksheets: [{ cells: list(notebook.cells).map(fromV1) }] }));
  if (major === 2)
    return withIds(
      fromWorksheets({
        ...notebook,
        worksheets: list(notebook.worksheets).map((sheet) => ({ ...sheet, cells: list(sheet.cells).map(linesJoined) })),
      }),
    );
  if (major === 3) return withIds(fromWorksheets(notebook));
  if (major !== 4) return undefined;
  const minor = typeof notebook.nbformat_minor === "number" ? notebook.nbformat_minor : 0;
  if (minor < 5) return withIds({ ...notebook, nbformat_minor: 5 });
  return withIds(notebook, onRepair);
}

function fromV1(cell: JsonRecord): JsonRecord {
  return cell.cell_type === "code"
    ? { cell_type: "code", input: cell.code ?? "", prompt_number: cell.prompt_number, collapsed: false, outputs: [] }
    : { cell_type: "markdown", source: cell.text ?? "" };
}

/** In v2, lists of lines never had the lines' ends. */
function linesJoined(cell: JsonRecord): JsonRecord {
  const join = (record: JsonRecord): JsonRecord =>
    Object.fromEntries(
      Object.entries(record).map(([key, value]) => [
        key,
        Array.isArray(value) && value.every((line) => typeof line === "string") && key !== "traceback"
          ? value.join("\n")
          : value,
      ]),
    );
  return { ...join(cell), ...(Array.isArray(cell.outputs) && { outputs: list(cell.outputs).map(join) }) };
}

function fromWorksheets({ metadata, worksheets }: JsonRecord): JsonRecord {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: withoutKeys(isRecord(metadata) ? metadata : {}, ["name", "signature"]),
    cells: list(worksheets)
      .flatMap((sheet) => list(sheet.cells))
      .map(fromV3),
  };
}

function fromV3(cell: JsonRecord): JsonRecord {
  const {
    cell_type: type,
    collapsed,
    input,
    prompt_number: count,
    level,
    ...rest
  } = withoutKeys(cell, ["language", "rendered"]);
  const metadata = isRecord(cell.metadata) ? cell.metadata : {};
  if (type === "code") {
    return {
      ...rest,
      cell_type: type,
      metadata: collapsed === undefined ? metadata : { ...metadata, collapsed },
      source: lines(input ?? ""),
      execution_count: count ?? null,
      outputs: list(cell.outputs).map(fromV3Output),
    };
  }
  const source = lines(cell.source ?? "");
  if (type === "heading") {
    const hashes = "#".repeat(typeof level === "number" ? level : 1);
    return {
      ...rest,
      cell_type: "markdown",
      metadata,
      source: `${hashes} ${typeof source === "string" ? source.split(/\r\n|\n|\r/).join(" ") : ""}`,
    };
  }
  return { ...rest, cell_type: type === "html" ? "markdown" : type, metadata, source };
}

function fromV3Output(output: JsonRecord): JsonRecord {
  const { output_type: type, metadata, prompt_number: count, ...rest } = output;
  if (type === "pyout" || type === "display_data") {
    const data = Object.entries(rest).map(([name, value]) => {
      const mime = Object.hasOwn(MIME, name) ? MIME[name] : name;
      return [mime, mime === "application/json" ? parsed(lines(value)) : lines(value)] as const;
    });
    const about = Object.entries(isRecord(metadata) ? metadata : {}).map(
      ([name, value]) => [Object.hasOwn(MIME, name) ? MIME[name] : name, value] as const,
    );
    const shown = { metadata: Object.fromEntries(about), data: Object.fromEntries(data) };
    return type === "pyout"
      ? { output_type: "execute_result", execution_count: count ?? null, ...shown }
      : { output_type: type, ...shown };
  }
  if (type === "pyerr") return { ...rest, output_type: "error" };
  const { stream, ...text } = rest;
  return type === "stream"
    ? { ...text, output_type: type, name: stream ?? "stdout", text: lines(rest.text ?? "") }
    : output;
}

/** Joins lines: some writers of v3 kept the line ends in the lists, others did not. */
function lines(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.join(typeof value[0] === "string" && /[\n\r]$/.test(value[0]) ? "" : "\n");
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function withIds(notebook: JsonRecord, onRepair: (what: string) => void = () => undefined): JsonRecord {
  if (!Array.isArray(notebook.cells)) return notebook;
  const given = new Set(notebook.cells.flatMap((cell) => (isRecord(cell) && "id" in cell ? [cell.id] : [])));
  const seen = new Set<unknown>();
  const cells = notebook.cells.map((cell: unknown, index) => {
    if (!isRecord(cell)) return cell;
    if ("id" in cell && !seen.has(cell.id)) {
      seen.add(cell.id);
      return cell;
    }
    const id = stableId(cell, index, given);
    const fault = "id" in cell ? `has the id ${shownValue(cell.id)} of an earlier cell` : "has no id";
    onRepair(`cell ${index + 1} ${fault}; it is called ${id} from now on`);
    return { ...cell, id };
  });
  return { ...notebook, cells };
}

/** Derives an id from the cell's source and position, so that a notebook gets the same ids in every run. */
function stableId(cell: JsonRecord, index: number, taken: Set<unknown>): string {
  for (let salt = 0; ; salt++) {
    const id = createHash("sha256")
      .update(JSON.stringify([cell.source, index, salt]))
      .digest("hex")
      .slice(0, 8);
    if (!taken.has(id)) {
      taken.add(id);
      return id;
    }
  }
}

function list(value: unknown): JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
