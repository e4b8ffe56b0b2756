import { Command, CommanderError, Help } from "commander";

import { packageVersion } from "../base/package-version";
import { faultCode, faultText } from "../base/files/file-fault";
import { printable } from "../base/printable";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { COMMANDS } from "./commands";
import { EXIT, EXIT_CODES_HELP, exitCodeOfError } from "./exit-codes";
import { guardTerminal } from "./terminal/guard-terminal";
import { helpWidth, styled, type Terminal } from "./terminal/terminal";

/**
 * Runs the command line.
 *
 * @param args - the arguments after `tslora`
 * @returns the exit code, by cause; see `EXIT`
 */
export async function runCli(args: readonly string[], unguarded: Terminal): Promise<number> {
  const terminal = guardTerminal(unguarded);
  let code: number = EXIT.ok;
  const exit = (value: number): void => void (code = value);
  const program = new Command("tslora")
    .description("LoRA fine-tuning of text classifiers in TypeScript, with and without notebooks")
    .version(packageVersion())
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => helpWidth(terminal),
      getErrHelpWidth: () => Math.min(terminal.err.columns || 80, 120),
      getOutHasColors: () => terminal.color,
      getErrHasColors: () => terminal.color,
    })
    .configureHelp({ styleTitle: (text) => styled(terminal, "bold", text), subcommandTerm: commandTerm })
    .addHelpText("after", `\n${EXIT_CODES_HELP}`)
    .showHelpAfterError("(tslora --help lists commands; tslora COMMAND --help lists options)")
    .exitOverride();
  const named = COMMANDS.filter(({ name }) => name === args[0]); // the others are needed for the help only
  for (const { group, load } of named.length > 0 ? named : COMMANDS) {
    program.commandsGroup(group);
    load()(program, { terminal, exit });
  }
  for (const command of program.commands) command.copyInheritedSettings(program);
  try {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    await program.parseAsync([...args.slice(0, end).map(withDashes), ...args.slice(end)], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    const text = errorText(error);
    if (error instanceof Error && error.name === "AbortError") return EXIT.interrupted; // reported at the interrupt
    terminal.err.write(`${styled(terminal, "red", printable(text))}\n`);
    return exitCodeOfError(error);
  }
  return code;
}

/** A command's name and arguments for the list of commands; all have options, and its texts need the room. */
function commandTerm(command: Command): string {
  return new Help().subcommandTerm(command).replace(" [options]", "");
}

/** Text of an error for the user: a system error in one line, a bug with its stack. */
function errorText(error: unknown): string {
  if (error instanceof TsloraError) return error.message;
  if (faultCode(error) === undefined) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const path =
    error instanceof Error && "path" in error && typeof error.path === "string" ? `${shownPath(error.path)}: ` : "";
  return path + faultText(error);
}

/** Converts transformers' spelling of a flag, `--learning_rate`, to ours. */
function withDashes(arg: string): string {
  return /^--[a-z]+(_[a-z]+)+(=|$)/.test(arg) ? arg.replace(/^[^=]+/, (flag) => flag.replaceAll("_", "-")) : arg;
}
