import assert from "node:assert/strict";
import { Command } from "commander";
import { test } from "node:test";

import { COMMANDS } from "../../src/cli/commands";

test("each command registers itself under its own name, and under no other", () => {
  const terminal = { out: process.stdout, err: process.stderr, color: false, live: false };
  for (const { name, load } of COMMANDS) {
    const program = new Command();
    load()(program, { terminal, exit: () => undefined });
    assert.deepEqual(
      program.commands.map((command) => command.name()),
      [name],
    );
  }
});
