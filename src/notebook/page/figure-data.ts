import { isRecord } from "../../base/json";
import type { MimeBundle } from "../format/notebook-types";

const PLOTLY = "application/vnd.plotly.v1+json";

/** Most searches for figures in the text of an output. */
const MOST_SCANS = 20;

/** plotly's names for the number types of packed arrays. */
const PACKED: Readonly<Record<string, (bytes: ArrayBuffer) => Iterable<number | bigint>>> = {
  f8: (bytes) => new Float64Array(bytes),
  f4: (bytes) => new Float32Array(bytes),
  i8: (bytes) => new BigInt64Array(bytes),
  u8: (bytes) => new BigUint64Array(bytes),
  i4: (bytes) => new Int32Array(bytes),
  u4: (bytes) => new Uint32Array(bytes),
  i2: (bytes) => new Int16Array(bytes),
  u2: (bytes) => new Uint16Array(bytes),
  i1: (bytes) => new Int8Array(bytes),
  u1: (bytes) => new Uint8Array(bytes),
};

/**
 * The traces of the plotly figures in an output: from plotly's own MIME type, or from the scripts of its HTML.
 * Undefined if there is no figure.
 */
export function figureData(data: MimeBundle): unknown[] | undefined {
  const figure = data[PLOTLY];
  if (isRecord(figure)) return [unpacked(figure.data)];
  const html = data["text/html"];
  if (typeof html !== "string" || !html.includes("<script")) return undefined;
  const found: unknown[] = [];
  let budget = html.length * MOST_SCANS; // bounds the searches for arrays that never close
  for (const match of html.matchAll(/\{\s*"data"\s*:\s*(?=\[)|newPlot\(\s*(?:"[^"]*"|'[^']*'|[\w.$]+)\s*,\s*(?=\[)/g)) {
    const start = (match.index ?? 0) + match[0].length;
    const end = budget < 0 ? undefined : jsonEnd(html, start);
    budget -= (end ?? html.length) - start;
    const traces = end === undefined ? undefined : parsed(html.slice(start, end));
    if (traces !== undefined) found.push(unpacked(traces));
  }
  return found.length === 0 ? undefined : found;
}

/** The end of the JSON array that begins at a place of a text; undefined for one that never closes. */
function jsonEnd(text: string, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      for (at++; at < text.length && text[at] !== '"'; at++) if (text[at] === "\\") at++;
    } else if (char === "[" || char === "{") depth++;
    else if ((char === "]" || char === "}") && --depth === 0) return at + 1;
  }
  return undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined; // an array of JavaScript, not JSON
  }
}

function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (!isRecord(value)) return value;
  const { bdata, dtype } = value;
  if (typeof bdata === "string" && typeof dtype === "string" && Object.hasOwn(PACKED, dtype)) {
    const bytes = Uint8Array.from(Buffer.from(bdata, "base64"));
    return [...PACKED[dtype](bytes.buffer)].map(Number);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpacked(item)]));
}
