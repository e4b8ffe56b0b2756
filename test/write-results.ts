import { readFile } from "node:fs/promises";

import { writeAtomically } from "../src/base/files/write-atomically";

/** A table of results that a command writes into a Markdown file. */
export interface Results {
  /** The Markdown file, which already has the section's two marks. */
  readonly path: string;
  /** The command that measured, for example `npm run bench`; it is the section's name. */
  readonly command: string;
  /** The new content of the section, as Markdown. */
  readonly text: string;
}

/**
 * Replaces the section of a Markdown file between `<!-- begin COMMAND -->` and `<!-- end COMMAND -->`, formatted as
 * `npm run format` formats it. The rest of the file keeps its bytes.
 *
 * @throws Error if the file does not have both marks once, in this order
 */
export async function writeResults({ path, command, text }: Results): Promise<void> {
  const [begin, end] = [`<!-- begin ${command} -->`, `<!-- end ${command} -->`];
  const before = await readFile(path, "utf8");
  const [start, stop] = [before.indexOf(begin), before.indexOf(end)];
  if (start < 0 || stop < start || before.split(begin).length !== 2 || before.split(end).length !== 2)
    throw new Error(`${path} must have the lines ${begin} and ${end} once each, in this order. Restore them from git.`);
  const { format } = await import("prettier");
  const section = await format(text, { parser: "markdown", printWidth: 120 });
  await writeAtomically(path, `${before.slice(0, start + begin.length)}\n\n${section}\n${before.slice(stop)}`);
}
