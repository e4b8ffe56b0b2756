// @ts-check
import { join } from "node:path";

import { CLANG_FORMAT, hasClangFormat } from "../stages/install-clang-format.mjs";
import { listFiles } from "../tools/list-files.mjs";
import { passOn } from "../tools/pass-on.mjs";
import { readOptions } from "../tools/read-options.mjs";

export const FORMAT_HELP = `npm run format [-- --check]
Formats TypeScript, JavaScript, JSON, Markdown and YAML with Prettier, and C++ with clang-format.
  --check        changes nothing; lists what is not formatted and ends with exit code 1`;

/** @param {readonly string[]} parameters @returns {{ check: boolean }} */
export function readFormatOptions(parameters) {
  const { values } = readOptions(parameters, {
    help: FORMAT_HELP,
    options: { check: { type: "boolean", default: false } },
  });
  return { check: values["check"] === true };
}

/**
 * Formats the clone's files, or checks that they are formatted.
 *
 * @param {{ root: string, check: boolean, signal?: AbortSignal }} options `signal` ends it
 * @returns {Promise<number>} the exit code; with `check` it is 1 if a file is not formatted
 */
export async function formatCode({ root, check, signal }) {
  const prettier = await passOn(
    [
      process.execPath,
      "node_modules/prettier/bin/prettier.cjs",
      ".",
      check ? "--check" : "--write",
      "--log-level=warn",
      "--cache",
      "--cache-strategy=content",
      "--cache-location=.tslora/cache/prettier",
    ],
    { cwd: root, signal },
  );
  const clang = signal?.aborted ? 1 : await formatCpp({ root, check });
  if (check && !signal?.aborted && (prettier !== 0 || clang !== 0)) console.error("Run `npm run format`.");
  return prettier === 0 ? clang : prettier;
}

/** @param {{ root: string, check: boolean }} options */
async function formatCpp({ root, check }) {
  if (!hasClangFormat()) {
    console.error("The C++ sources were not formatted or checked: clang-format is pinned for Linux only.");
    return 0;
  }
  const sources = ["src", "test"].flatMap((folder) => listFiles(root, folder).filter((file) => /\.(cc|h)$/.test(file)));
  return passOn(
    [join(root, CLANG_FORMAT), ...(check ? ["--dry-run", "--Werror", "-ferror-limit=1"] : ["-i"]), ...sources],
    { cwd: root },
  );
}
