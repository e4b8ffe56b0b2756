import type { ScalarTag } from "yaml";

import { TsloraError } from "../../base/tslora-error";
import { yamlProblem } from "../../base/yaml-problem";
import { FloatValue, floatValue, Readings } from "../../notebook/parameters/parameter-value";

/** Most aliases that are expanded in a document; more are an attack on the memory. */
const MOST_ALIASES = 1000;

const NULL = /^(?:~|null|Null|NULL)?$/;
const TRUE = /^(?:true|True|TRUE)$/;
const FALSE = /^(?:false|False|FALSE)$/;
const YES = /^(?:yes|Yes|YES|on|On|ON)$/;
const NO = /^(?:no|No|NO|off|Off|OFF)$/;
const NUMBER = /^[-+]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?$/;
const BASED = /^([-+]?)0(?:x([\da-fA-F_]+)|o([0-7]+)|b([01_]+))$/;
const SEXAGESIMAL = /^[-+]?[1-9][\d_]*(?::[0-5]?\d)+$/;
const SPECIAL = /^([-+]?)\.(?:(inf|Inf|INF)|(nan|NaN|NAN))$/;

/** The tag, form and value of each kind of plain scalar. */
const SCALARS: readonly (readonly [tag: string, form: RegExp, read: (source: string) => unknown])[] = [
  ["null", NULL, () => null],
  ["bool", TRUE, () => true],
  ["bool", FALSE, () => false],
  ["bool", YES, (source) => new Readings([true, source])],
  ["bool", NO, (source) => new Readings([false, source])],
  ["int", BASED, basedInt],
  ["int", SEXAGESIMAL, (source) => new Readings([sexagesimal(source), source])],
  ["float", SPECIAL, specialFloat],
  ["float", NUMBER, number],
];

/**
 * Reads YAML without loss: ints are bigints, floats {@link FloatValue}s, maps Maps. A plain scalar that YAML 1.1
 * (papermill's) and YAML 1.2 read differently, such as `yes`, `1_000` or `0o17`, has both readings. The type of the
 * parameter chooses; if it allows both, papermill's is used. Dates stay texts, as in papermill.
 *
 * @param path - the text's name in messages
 * @throws TsloraError `bad-input` for broken YAML, a repeated key, aliases that multiply, or nesting without end
 */
export async function readYaml(text: string, path: string): Promise<unknown> {
  const { parseAllDocuments, Scalar } = await import("yaml");
  const tags = SCALARS.map(([name, test, read]): ScalarTag => ({
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    test,
    resolve: (source) => new Scalar(read(source)),
  }));
  const refused = (problem: string, cause?: unknown): TsloraError =>
    new TsloraError("bad-input", `${path} ${problem}`, { cause, details: { path } });
  try {
    const documents = parseAllDocuments(text, {
      schema: "failsafe",
      customTags: tags,
      merge: true,
      prettyErrors: true,
      logLevel: "silent",
    });
    if ("empty" in documents) return null;
    const [document, second] = documents;
    if (second !== undefined)
      throw refused(`must be one YAML document; got ${documents.length}. Give one file for each.`);
    const [problem] = document.errors;
    if (document.errors.length > 0) throw refused(yamlProblem(cut(problem.message)), problem);
    return document.toJS({ mapAsMap: true, maxAliasCount: MOST_ALIASES }) as unknown;
  } catch (error) {
    if (error instanceof TsloraError) throw error;
    if (error instanceof RangeError) throw refused("is nested too deeply to be read. Flatten it.", error);
    const message = cut(error instanceof Error ? error.message : String(error));
    if (error instanceof ReferenceError)
      throw refused(`has too many aliases of aliases (${message}). Write its values out.`, error);
    // the library finds some faults, such as a merge of a number, only when it converts the values
    throw refused(`is not valid YAML: ${message}`, error);
  }
}

/** Readings of a decimal number; one that begins with 0 is octal in YAML 1.1. */
function number(source: string): unknown {
  const digits = source.replaceAll("_", "").replace(/^\+/, "");
  const whole = /^-?\d+$/.test(digits);
  const octal = whole && /^-?0[0-7]+$/.test(digits);
  if (whole && !octal && /^-?0\d/.test(digits)) return new Readings([source, BigInt(digits)]); // 08 is no octal number
  const value = octal ? signed(digits, "0o") : whole ? BigInt(digits) : floatValue(digits);
  return source.includes("_") ? new Readings([value, source]) : value;
}

function basedInt(source: string): unknown {
  const [, sign, hex, octal, binary] = (BASED.exec(source) ?? []) as (string | undefined)[];
  const digits = (hex ?? octal ?? binary ?? "0").replaceAll("_", "") || "0";
  const value = signed(`${sign ?? ""}${digits}`, hex !== undefined ? "0x" : octal !== undefined ? "0o" : "0b");
  if (octal !== undefined) return new Readings([source, value]); // YAML 1.1 knows no 0o
  return binary !== undefined || source.includes("_") ? new Readings([value, source]) : value;
}

function signed(digits: string, base: string): bigint {
  const value = BigInt(base + digits.replace(/^[-+]/, ""));
  return digits.startsWith("-") ? -value : value;
}

/** 1:30 is 90 in YAML 1.1: minutes and seconds. */
function sexagesimal(source: string): bigint {
  const parts = source.replace(/^[-+]/, "").replaceAll("_", "").split(":").map(BigInt);
  const value = parts.reduce((sum, part) => sum * 60n + part, 0n);
  return source.startsWith("-") ? -value : value;
}

function specialFloat(source: string): FloatValue {
  const [, sign, infinite] = (SPECIAL.exec(source) ?? []) as (string | undefined)[];
  if (infinite === undefined) return new FloatValue(NaN);
  return new FloatValue(sign === "-" ? -Infinity : Infinity);
}

function cut(text: string): string {
  return text.length > 400 ? `${text.slice(0, 399)}…` : text;
}
