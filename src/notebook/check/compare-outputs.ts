import { stripAnsi } from "../page/ansi";
import { closeTo, sameText, type Tolerance } from "./compare-texts";
import { ignorePattern } from "./ignore-pattern";
import { figureData } from "../page/figure-data";
import { isRecord } from "../../base/json";
import {
  hasTag,
  type CodeCell,
  type DisplayOutput,
  type Notebook,
  type Output,
  type ResultOutput,
} from "../format/notebook-types";
import { stripTags, withoutHidden } from "../page/strip-tags";

/** Options of comparing outputs. */
export interface CompareOptions {
  /** Largest allowed relative difference of a number from the saved one. @default 1e-5 */
  readonly relativeTolerance?: number;
  /** Largest allowed absolute difference of a number from the saved one. @default 1e-8 */
  readonly absoluteTolerance?: number;
  /**
   * Regular expressions of RE2 for texts that are removed from both sides before they are compared, such as times.
   * @default none
   */
  readonly ignore?: readonly string[];
}

/** One difference between the outputs of a cell and the saved ones. */
export interface OutputDifference {
  /** The cell's number among the code cells of the executed notebook, from 1. */
  readonly number: number;
  readonly id: string;
  /** Place in the cell, e.g. `stdout, line 3`. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** Tags of cells whose outputs are not compared: ours, and nbval's. */
const IGNORE_TAGS = ["check-ignore", "nbval-ignore-output", "skip-execution"] as const;

/**
 * Compares the outputs of an executed notebook with the saved ones: numbers within a tolerance, figures by the data of
 * their traces, pictures by their type, each stream as one text. Ignores execution counts, times, stacks and stderr,
 * cells tagged `check-ignore`, and cells that the saved notebook lacks.
 *
 * @throws PatternError for a pattern of `ignore` that RE2 cannot read
 */
export function compareOutputs(saved: Notebook, executed: Notebook, options: CompareOptions = {}): OutputDifference[] {
  const before = new Map(saved.cells.flatMap((cell) => (cell.cell_type === "code" ? [[cell.id, cell] as const] : [])));
  const compare = comparer(options);
  const code = executed.cells.filter((cell): cell is CodeCell => cell.cell_type === "code");
  return code.flatMap((cell, index) => {
    const other = before.get(cell.id);
    if (other === undefined || IGNORE_TAGS.some((tag) => hasTag(cell, tag))) return [];
    return compare(cell.outputs, other.outputs).map((difference) => ({
      number: index + 1,
      id: cell.id,
      ...difference,
    }));
  });
}

/** Whether a notebook has outputs to compare with. */
export function hasOutputs(notebook: Notebook): boolean {
  return notebook.cells.some((cell) => cell.cell_type === "code" && cell.outputs.length > 0);
}

type Difference = Pick<OutputDifference, "what" | "expected" | "found">;
type Rich = DisplayOutput | ResultOutput | Extract<Output, { output_type: "error" }>;

const NOTHING = "nothing";
/** An address in memory, as Python prints objects. */
const ADDRESS = /\b0x[0-9a-f]{6,}\b/gi;

function comparer({
  relativeTolerance = 1e-5,
  absoluteTolerance = 1e-8,
  ignore = [],
}: CompareOptions): (found: readonly Output[], expected: readonly Output[]) => Difference[] {
  const tolerance: Tolerance = { relative: relativeTolerance, absolute: absoluteTolerance };
  const removals = ignore.map(ignorePattern);
  const cleaned = (text: string): string =>
    removals.reduce((rest, remove) => remove(rest), stripAnsi(text).replace(ADDRESS, ""));
  const texts = (what: string, found: string, expected: string): Difference[] =>
    textDifference(what, cleaned(found), cleaned(expected), tolerance);

  const rich = (what: string, found: Rich, expected: Rich): Difference[] => {
    if (found.output_type === "error" || expected.output_type === "error") {
      const plainText = (output: Rich): string =>
        output.output_type === "error" ? `${output.ename}: ${output.evalue}` : "an output without an error";
      return texts(what, plainText(found), plainText(expected));
    }
    const [figure, figureBefore] = [figureData(found.data), figureData(expected.data)];
    if (figure !== undefined || figureBefore !== undefined)
      return dataDifference(`${what}, figure`, figure, figureBefore, tolerance);
    for (const mime of ["text/plain", "text/markdown", "text/latex"]) {
      const [text, textBefore] = [found.data[mime], expected.data[mime]];
      if (
        typeof text === "string" &&
        typeof textBefore === "string" &&
        !("text/html" in found.data && mime === "text/plain" && text.startsWith("<"))
      )
        return texts(`${what}, ${mime}`, text, textBefore);
    }
    const [html, htmlBefore] = [found.data["text/html"], expected.data["text/html"]];
    if (typeof html === "string" && typeof htmlBefore === "string")
      return texts(`${what}, text/html`, htmlWords(html), htmlWords(htmlBefore));
    const [json, jsonBefore] = [found.data["application/json"], expected.data["application/json"]];
    if (json !== undefined && jsonBefore !== undefined)
      return dataDifference(`${what}, application/json`, json, jsonBefore, tolerance);
    const types = (output: DisplayOutput | ResultOutput): string => Object.keys(output.data).sort().join(", ");
    return types(found) === types(expected)
      ? []
      : [{ what: `${what}, types`, expected: types(expected), found: types(found) }];
  };

  return (found, expected) => {
    const [now, before] = [found, expected].map((outputs) =>
      outputs.filter((output): output is Rich => output.output_type !== "stream"),
    );
    const differences = texts("stdout", streamText(found), streamText(expected));
    for (let at = 0; at < Math.max(now.length, before.length); at++) {
      const what = `output ${at + 1}`;
      if (at >= now.length) differences.push({ what, expected: describe(before[at]), found: NOTHING });
      else if (at >= before.length) differences.push({ what, expected: NOTHING, found: describe(now[at]) });
      else differences.push(...rich(what, now[at], before[at]));
    }
    return differences;
  };
}

/** The first line that differs. Later differences are often its consequence. */
function textDifference(what: string, found: string, expected: string, tolerance: Tolerance): Difference[] {
  if (sameText(found.trimEnd(), expected.trimEnd(), tolerance)) return [];
  const [now, before] = [found.trimEnd().split("\n"), expected.trimEnd().split("\n")];
  const at = Math.max(
    0,
    Array.from({ length: Math.max(now.length, before.length) }).findIndex(
      (_, line) => line >= now.length || line >= before.length || !sameText(now[line], before[line], tolerance),
    ),
  );
  const line = (lines: readonly string[]): string =>
    at >= lines.length || (lines.length === 1 && lines[0] === "") ? NOTHING : JSON.stringify(lines[at].slice(0, 200));
  return [{ what: `${what}, line ${at + 1}`, expected: line(before), found: line(now) }];
}

/** The first place where two JSON values differ. */
function dataDifference(what: string, found: unknown, expected: unknown, tolerance: Tolerance): Difference[] {
  const place = firstDifference(found, expected, tolerance, []);
  if (place === undefined) return [];
  const value = (side: unknown): string => (side === undefined ? NOTHING : JSON.stringify(side).slice(0, 200));
  return [{ what: [what, ...place.path].join(", "), expected: value(place.expected), found: value(place.found) }];
}

function firstDifference(
  found: unknown,
  expected: unknown,
  tolerance: Tolerance,
  path: readonly string[],
): { path: readonly string[]; found: unknown; expected: unknown } | undefined {
  if (typeof found === "number" && typeof expected === "number")
    return closeTo(found, expected, tolerance) ? undefined : { path, found, expected };
  if (typeof found === "string" && typeof expected === "string")
    return sameText(found, expected, tolerance) ? undefined : { path, found, expected };
  if (Array.isArray(found) && Array.isArray(expected)) {
    if (found.length !== expected.length)
      return { path: [...path, "length"], found: found.length, expected: expected.length };
    for (const [at, item] of found.entries()) {
      const inside = firstDifference(item, expected[at], tolerance, [...path, String(at)]);
      if (inside !== undefined) return inside;
    }
    return undefined;
  }
  if (isRecord(found) && isRecord(expected)) {
    for (const key of new Set([...Object.keys(expected), ...Object.keys(found)])) {
      if (key === "uid") continue; // plotly gives each trace a random one
      const inside = firstDifference(found[key], expected[key], tolerance, [...path, key]);
      if (inside !== undefined) return inside;
    }
    return undefined;
  }
  return found === expected ? undefined : { path, found, expected };
}

function streamText(outputs: readonly Output[]): string {
  return outputs
    .flatMap((output) => (output.output_type === "stream" && output.name === "stdout" ? [output.text] : []))
    .join("");
}

function describe(output: Rich): string {
  return output.output_type === "error"
    ? `${output.ename}: ${output.evalue}`
    : `an output of ${Object.keys(output.data).join(", ") || "no type"}`;
}

/** Text of HTML, roughly as a reader sees it. */
function htmlWords(html: string): string {
  const blocks = withoutHidden(html, " ").replace(/<\/(?:tr|p|div|h\d|li|table|pre)>|<br\s{0,9}\/?>/gi, "\n");
  const lines = stripTags(blocks, " ")
    .replace(/[ \t]+/g, " ")
    .split("\n")
    .map((line) => line.trim());
  return lines.filter((line) => line !== "").join("\n");
}
