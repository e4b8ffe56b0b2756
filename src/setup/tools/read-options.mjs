// @ts-check
import { parseArgs } from "node:util";

import { SetUpError } from "./set-up-error.mjs";
import { wrapHelp } from "./wrap-help.mjs";

/** Unknown options or invalid values; the exit code is that of the command line for bad usage. */
export class UsageError extends SetUpError {
  exitCode = 2;
}

/**
 * Whether help is requested: by `--help` or `-h` before a `--`, or by `help` as the first word.
 *
 * @param {readonly string[]} parameters
 */
export function asksForHelp(parameters) {
  const end = parameters.indexOf("--");
  const own = end < 0 ? parameters : parameters.slice(0, end);
  return own[0] === "help" || own.includes("--help") || own.includes("-h");
}

/**
 * Reads a command's options.
 *
 * @template {NonNullable<import("node:util").ParseArgsConfig["options"]>} Options
 * @param {readonly string[]} parameters
 * @param {{ help: string, options: Options, allowPositionals?: boolean }} command the first line of `help` shows the
 *   usage
 * @returns {ReturnType<typeof parseArgs<{ args: string[], options: Options, allowPositionals: boolean }>>}
 * @throws {UsageError} if an option is unknown
 */
export function readOptions(parameters, { help, options, allowPositionals = false }) {
  try {
    return parseArgs({ args: [...parameters], options, allowPositionals });
  } catch (error) {
    const [problem = ""] = (error instanceof Error ? error.message : String(error)).split(/\. To specify|\. Did you/);
    throw new UsageError(`${problem.slice(0, 200)}${problem.endsWith(".") ? "" : "."}\n${wrapHelp(help)}`);
  }
}

/**
 * The check of a command that takes no options.
 *
 * @param {string} help
 * @param {() => void} [checkMachine]  what else must hold
 * @returns {(parameters: readonly string[]) => void}
 */
export const withoutOptions =
  (help, checkMachine = () => {}) =>
  (parameters) => {
    readOptions(parameters, { help, options: {} });
    checkMachine();
  };
