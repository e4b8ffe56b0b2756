import "../base/compile-cache"; // first

import { runCli } from "./program";
import { processTerminal } from "./terminal";

// A reader that goes away (`| head`) ends the command as SIGPIPE would; kernels are ended on the way out.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(141);
    throw error;
  });
}

/** How the command ends, for set-up, which loads this file in its own process. */
export const exitCode = runCli(process.argv.slice(2), processTerminal());

// The exit code is set, and the process left to end by itself, so that all that was written is flushed.
void exitCode.then((code) => (process.exitCode = code));
