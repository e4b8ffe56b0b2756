import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../src/base/project-root";
import { writeResults } from "./write-results";

const COMMAND = "npm run measure";
const file = (section: string): string =>
  `# Results\n\nBefore.\n\n<!-- begin ${COMMAND} -->\n\n${section}\n<!-- end ${COMMAND} -->\n\nAfter, with $& and $1.\n`;

async function inFile(content: string, work: (path: string) => Promise<void>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-results-"));
  try {
    const path = join(folder, "RESULTS.md");
    await writeFile(path, content);
    await work(path);
    return await readFile(path, "utf8");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("results replace only their section, formatted, also on a second call", async () => {
  const text = "| a | $& |\n|---|---|\n| 1 | 2 |";
  const write = (path: string): Promise<void> => writeResults({ path, command: COMMAND, text });
  const expected = file("| a   | $&  |\n| --- | --- |\n| 1   | 2   |\n");
  assert.equal(await inFile(file("old\n"), write), expected);
  assert.equal(await inFile(expected, write), expected);
});

test("a file that does not have each mark exactly once is refused and not changed", async () => {
  for (const content of ["# Results\n", `<!-- end ${COMMAND} -->\n<!-- begin ${COMMAND} -->\n`, file("") + file("")]) {
    const after = await inFile(content, (path) =>
      assert.rejects(writeResults({ path, command: COMMAND, text: "x" }), /must have the lines .* once each/),
    );
    assert.equal(after, content);
  }
});

test("the files that commands write have their marks", async () => {
  for (const [folder, command] of [
    ["bench", "npm run bench"],
    ["parity", "npm run test:parity"],
  ]) {
    const text = await readFile(join(projectRoot(), "test", folder, "RESULTS.md"), "utf8");
    for (const mark of [`<!-- begin ${command} -->`, `<!-- end ${command} -->`])
      assert.equal(text.split(mark).length, 2, `${folder}: ${mark}`);
  }
});
