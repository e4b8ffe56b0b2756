#!/usr/bin/env node
// @ts-check
// npm's scripts start this file: `node src/setup/start.mjs COMMAND [ARGUMENTS]`. It sets up what is missing, with
// Node's built-ins alone, and then does the command. Nothing else is imported before Node's version is known to do.
import { checkNode } from "./check-node.mjs";

const finding = checkNode(process.versions.node);
if (finding !== undefined && "refusal" in finding) {
  console.error(finding.refusal);
  process.exitCode = 1;
} else {
  if (finding !== undefined) console.error(finding.warning);
  // No top-level await, which Node 12 cannot read: it is to see the refusal.
  void import("./start-command.mjs")
    .then(({ startCommand }) => startCommand(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    });
}
