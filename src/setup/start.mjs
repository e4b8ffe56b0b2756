#!/usr/bin/env node
// @ts-check
// npm's scripts start this file: `node src/setup/start.mjs COMMAND [ARGUMENTS]`. In a clone it sets up what is missing,
// with Node's built-ins alone, and then runs the command; in an installed package it only runs the command. It checks
// Node's version before it imports anything else.
import { fileURLToPath } from "node:url";

import { checkNode } from "./check-node.mjs";

const finding = checkNode(process.versions.node);
if (finding !== undefined && "refusal" in finding) {
  console.error(finding.refusal);
  process.exitCode = 1;
} else {
  if (finding !== undefined) console.error(finding.warning);
  // No top-level await: Node 12 cannot read it, and must print the refusal.
  void import("./places.cjs")
    .then(({ default: { placesOf } }) => placesOf(fileURLToPath(new URL("../..", import.meta.url))).installed)
    .then((installed) => (installed ? import("./start-installed.mjs") : import("./start-command.mjs")))
    .then(({ startCommand }) => startCommand(process.argv.slice(2)))
    .then((code) => {
      process.exitCode = code;
    });
}
