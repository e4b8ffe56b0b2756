#!/usr/bin/env node
// @ts-check
// What npm's scripts start: `node src/setup/start.mjs COMMAND [ARGUMENTS]`. It sets up what is missing, with Node's
// built-ins alone, and then does the command. Nothing is imported before Node's version is known to do.

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 9) || major > 24) {
  console.error(`Node 20.9 or later, up to 24, is missing (this is ${process.versions.node}): tslora is tested on 20, 22 and 24. Debian: apt-get install nodejs, or Node's own packages where that is older. macOS: brew install node@24.`);
  process.exit(1);
}

const { startCommand } = await import("./start-command.mjs");
process.exitCode = await startCommand(process.argv.slice(2));
