import "../base/compile-cache"; // first

import { writeSync } from "node:fs";

import { faultText } from "../base/files/file-fault";
import { runCli } from "./program";
import { processTerminal } from "./terminal/terminal";

// A closed pipe (`| head`) ends the command as SIGPIPE would; so does a full disk, with a message. Kernels are killed
// first.
for (const [name, stream] of [
  ["Standard output", process.stdout],
  ["Standard error", process.stderr],
] as const) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    try {
      writeSync(2, `${name} could not be written: ${faultText(error)}.\n`);
    } catch {
      // standard error is closed too
    }
    process.exit(1);
  });
}

/** The exit code, for set-up, which loads this file in its own process. */
export const exitCode = runCli(process.argv.slice(2), processTerminal());

// Sets the exit code and lets the process end by itself: all output is flushed.
void exitCode.then((code) => (process.exitCode = code));
