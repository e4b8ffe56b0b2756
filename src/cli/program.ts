import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Command, CommanderError } from "commander";

import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { isRecord } from "../notebook/json";
import { addCheckCommand } from "./check-command";
import { addDoctorCommand } from "./doctor-command";
import { EXIT, exitCodeOfError } from "./exit-codes";
import { addRunCommand } from "./run-command";
import { addStudyCommand } from "./study-command";
import { styled, type Terminal } from "./terminal";

/**
 * Runs the command line.
 *
 * @param args - what follows `tslora`
 * @returns the exit code: 0 done, 1 a cell failed, 2 bad usage or input, 3 a limit, 4 the kernel died, 5 outputs differ from the saved ones, 130 interrupted
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  let code: number = EXIT.ok;
  const exit = (value: number): void => void (code = value);
  const program = new Command("tslora")
    .description("LoRA fine-tuning of text classifiers in TypeScript notebooks")
    .version(version())
    .configureOutput({ writeOut: (text) => terminal.out.write(text), writeErr: (text) => terminal.err.write(text) })
    .addHelpText("after", "\nExit codes: 0 done, 1 a cell failed, 2 bad usage or input, 3 a time limit, 4 the kernel died, 5 outputs differ from the saved ones, 130 interrupted")
    .showHelpAfterError("(tslora --help lists commands and options)")
    .exitOverride();
  for (const add of [addStudyCommand, addRunCommand, addCheckCommand, addDoctorCommand]) add(program, terminal, exit);
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    const text = error instanceof TsloraError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.err.write(`${styled(terminal, "red", text)}\n`);
    return exitCodeOfError(error);
  }
  return code;
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(projectRoot(), "package.json"), "utf8"));
  return isRecord(manifest) && typeof manifest.version === "string" ? manifest.version : "unknown";
}
