// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

import { wrapHelp } from "../../src/setup/tools/wrap-help.mjs";

const HELP = `npm run this [-- options] which is a very long line that is left as it was written, whatever the width
  --only WORD    the lines with the word in their name; may be given several times
  --seed N       decides batches
                 (default 42)
Does this and that, at some length, so that it takes a line or two of a narrow
terminal. Then it ends.

  another        entry`;

test("entries keep their column, prose is wrapped, and the usage line is unchanged", () => {
  assert.equal(
    wrapHelp(HELP, 60),
    `npm run this [-- options] which is a very long line that is left as it was written, whatever the width
  --only WORD    the lines with the word in their name; may
                 be given several times
  --seed N       decides batches (default 42)
Does this and that, at some length, so that it takes a line
or two of a narrow terminal. Then it ends.

  another        entry`,
  );
});

test("no word is lost, and no line is wider than the terminal unless a single word is", () => {
  const words = (/** @type {string} */ text) => text.split(/\s+/).join(" ");
  for (const columns of [20, 40, 61, 80, 100, 300]) {
    const wrapped = wrapHelp(HELP, columns);
    assert.equal(words(wrapped), words(HELP));
    const width = Math.min(100, Math.max(40, columns));
    for (const line of wrapped.split("\n").slice(1)) assert.ok(line.length <= width, line);
    assert.equal(wrapHelp(wrapped, columns), wrapped);
  }
});
