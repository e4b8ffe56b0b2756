import { runCli } from "./program";
import { processTerminal } from "./terminal";

// The exit code is set, and the process left to end by itself, so that all that was written is flushed.
void runCli(process.argv.slice(2), processTerminal()).then((code) => (process.exitCode = code));
