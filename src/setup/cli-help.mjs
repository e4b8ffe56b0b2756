// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import places from "./places.cjs";
import { asksForHelp, UsageError } from "./tools/read-options.mjs";

/** The help of the command line and of each command, for a clone that is not set up. `npm run write-help` writes it. */
const FILE = join(dirname(fileURLToPath(import.meta.url)), "cli-help.json");

/**
 * Answers the command line before the package is compiled: returns help and version, and refuses unknown commands and
 * options.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {string | undefined} the answer; undefined if the command has to run
 * @throws {UsageError} if a command or an option is unknown
 */
export function answerFromHelp(parameters, { root }) {
  const texts = /** @type {Readonly<Record<string, string>>} */ (JSON.parse(readFileSync(FILE, "utf8")));
  const [first = "", second = ""] = parameters;
  if (first === "--version" || first === "-V")
    return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
  const named = first === "help" ? second : first;
  if (named === "" || named.startsWith("-")) {
    if (first === "" || asksForHelp(parameters)) return texts[""];
    throw new UsageError(
      `error: unknown option '${first.slice(0, 60)}'\n(tslora --help lists commands; tslora COMMAND --help lists options)`,
    );
  }
  const help = Object.hasOwn(texts, named) ? texts[named] : undefined;
  if (help === undefined)
    throw new UsageError(
      `error: unknown command '${named.slice(0, 60)}'\n(tslora --help lists commands; tslora COMMAND --help lists options)`,
    );
  if (first === "help" || asksForHelp(parameters.slice(1))) return help;
  const unknown = unknownOption(parameters.slice(1), help);
  if (unknown !== undefined)
    throw new UsageError(
      `error: unknown option '${unknown.slice(0, 60)}'\n(tslora --help lists commands; tslora ${named} --help lists options)`,
    );
  return undefined;
}

/**
 * Whether the command line is compiled and can answer itself.
 *
 * @param {string} root
 */
export function hasCli(root) {
  const where = places.placesOf(root);
  return existsSync(join(where.compiled, "cli", "main.js")) && places.packageFolder("commander", where) !== undefined;
}

/**
 * The first option that a command's help does not list.
 * @param {readonly string[]} parameters @param {string} help
 */
function unknownOption(parameters, help) {
  /** @type {Map<string, boolean>} whether it takes a value */
  const known = new Map();
  for (const [, short, long = "", value] of help.matchAll(/^ +(?:(-\w), )?(--[\w-]+)(?: (<[^>]+>|\[[^\]]+\]))?/gm)) {
    const takes = value?.startsWith("<") === true;
    for (const flag of [
      short,
      long,
      long.startsWith("--no-") ? `--${long.slice("--no-".length)}` : `--no-${long.slice(2)}`,
    ])
      if (flag !== undefined && !known.has(flag)) known.set(flag, takes);
  }
  for (let index = 0; index < parameters.length; index++) {
    const parameter = parameters[index] ?? "";
    if (parameter === "--") return undefined;
    if (!/^-./.test(parameter) || /^-\d/.test(parameter)) continue;
    const flag = parameter.startsWith("--")
      ? (parameter.split("=")[0] ?? "").replaceAll("_", "-")
      : parameter.slice(0, 2);
    const takes = known.get(flag);
    if (takes === undefined) return parameter.split("=")[0];
    if (takes && !parameter.includes("=") && (parameter.startsWith("--") || parameter.length === 2)) index++;
  }
  return undefined;
}
