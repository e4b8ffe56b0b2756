import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { COMMANDS } from "../../src/cli/commands";
import { helpTexts } from "../../src/cli/help-texts";

test("the help that a clone shows before set-up is up to date", async () => {
  const texts = await helpTexts();
  assert.deepEqual(Object.keys(texts), ["", ...COMMANDS.map(({ name }) => name)]);
  for (const [name, text] of Object.entries(texts)) assert.match(text, new RegExp(`^Usage: tslora ${name}`));
  const kept: unknown = JSON.parse(readFileSync(join(projectRoot(), "src", "setup", "cli-help.json"), "utf8"));
  assert.deepEqual(kept, texts, "npm run write-help updates src/setup/cli-help.json");
});

test("no help text names a folder of this machine", async () => {
  for (const text of Object.values(await helpTexts())) assert.equal(text.includes(projectRoot()), false);
});

test("help texts are wrapped at 80 columns, but for commands to copy", async () => {
  for (const [name, text] of Object.entries(await helpTexts())) {
    const wide = text.split("\n").filter((line) => line.length > 80 && !line.startsWith("  $ tslora "));
    assert.deepEqual(wide, [], name);
  }
});

test("the list of commands has names and arguments", async () => {
  const { "": list } = await helpTexts();
  assert.match(list, /^ {2}train {2,}Train a classifier/m);
  assert.match(list, /^ {2}job <action> <store> <name> {2,}Run one job of a store/m);
});
