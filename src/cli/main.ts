import "../base/compile-cache"; // first

import { writeSync } from "node:fs";

import { faultText } from "../base/files/file-fault";
import { runCli } from "./program";
import { processTerminal } from "./terminal/terminal";

// A reader that goes away (`| head`) ends the command as SIGPIPE would; so does a full disk, with a line that says so.
// Kernels are ended on the way out.
for (const [name, stream] of [
  ["Standard output", process.stdout],
  ["Standard error", process.stderr],
] as const) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    try {
      writeSync(2, `${name} could not be written: ${faultText(error)}.\n`);
    } catch {
      // nobody is left to tell
    }
    process.exit(1);
  });
}

/** How the command ends, for set-up, which loads this file in its own process. */
export const exitCode = runCli(process.argv.slice(2), processTerminal());

// Sets the exit code and lets the process end by itself, so that all output is flushed.
void exitCode.then((code) => (process.exitCode = code));
