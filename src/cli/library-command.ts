import type { Command } from "commander";

import { TsloraError } from "../base/tslora-error";
import { addOptions, type RawFlags } from "./options/add-options";
import { gatherOptions } from "./options/gather-options";
import type { OptionGroup } from "./options/option-table";
import { exitCodeOfError } from "./exit-codes";
import { errorWithFlags } from "./terminal/flags-in-messages";
import { wrap } from "./terminal/text-layout";
import { helpWidth, styled, type Terminal } from "./terminal/terminal";

/** Context of a command. */
export interface CommandCall {
  readonly terminal: Terminal;
  /** Arguments after the flags. */
  readonly args: readonly string[];
  /** Flags and configuration file, checked, by key. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** A command of the library: its options come from tables, and are given by flag or file. */
export interface LibraryCommand {
  readonly name: string;
  readonly description: string;
  /** As commander writes them: `[texts...]`, and what they are. */
  readonly arguments?: readonly { readonly pattern: string; readonly help: string }[];
  readonly groups: readonly OptionGroup[];
  readonly examples: readonly { readonly command: string; readonly does: string }[];
  /** Further text of the help. */
  readonly notes?: string;
  /** Runs the command and returns the exit code. Loads further modules itself: help and usage errors need none. */
  readonly run: (call: CommandCall) => Promise<number>;
}

/** Adds a command to the program. */
export function addLibraryCommand(
  program: Command,
  { name, description, arguments: args = [], groups, examples, notes, run }: LibraryCommand,
  to: { terminal: Terminal; exit: (code: number) => void },
): void {
  const { terminal, exit } = to;
  const command = program.command(name).description(description);
  for (const { pattern, help } of args) command.argument(pattern, help);
  addOptions(command, groups);
  const shown = examples.flatMap(({ command: line, does }) => [
    `  $ tslora ${line}`,
    ...wrap(does, helpWidth(terminal) - 6).map((part) => `      ${part}`),
  ]);
  command.addHelpText(
    "after",
    `\n${styled(terminal, "bold", "Examples:")}\n${shown.join("\n")}\n${notes === undefined ? "" : `\n${wrap(notes, helpWidth(terminal)).join("\n")}\n`}`,
  );
  command.action(async () => {
    const raw = command.opts<RawFlags>();
    try {
      exit(await run({ terminal, args: command.args, values: await gatherOptions(name, groups, raw) }));
    } catch (failure) {
      const error = errorWithFlags(failure, { command: name, groups });
      if (raw.json !== true || !(error instanceof TsloraError)) throw error;
      const { problems } = error.details;
      terminal.err.write(`${JSON.stringify({ error: { code: error.code, message: error.message, problems } })}\n`);
      exit(exitCodeOfError(error));
    }
  });
}
