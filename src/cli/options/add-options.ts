import { Option, type Command } from "commander";

import { flagOf, type OptionGroup, type OptionSpec } from "./option-table";

/** commander's value of each option: the given texts in order, or the last state of a switch. */
export type RawFlags = Readonly<Record<string, readonly string[] | boolean | undefined>>;

/**
 * Adds the flags of a command's groups, each under its heading. Values stay texts here: `gatherOptions` checks them
 * together with those of the configuration file.
 */
export function addOptions(command: Command, groups: readonly OptionGroup[]): void {
  for (const { title, options } of groups) {
    for (const [key, spec] of Object.entries(options))
      for (const option of flags(key, spec)) command.addOption(option.helpGroup(`${title}:`));
  }
}

function flags(key: string, { kind, help, default: standard, off: turned, short }: OptionSpec<unknown>): Option[] {
  const flag = flagOf(key);
  const long = short === undefined ? flag : `-${short}, ${flag}`;
  if (kind.metavar === undefined) {
    const on = new Option(long, help);
    const off = new Option(
      flag.replace("--", "--no-"),
      standard === "on" ? (turned ?? `do not ${help}`) : `undo ${flag}, if the file sets it`,
    );
    return standard === "on" ? [on.hideHelp(), off] : [on, off.hideHelp()];
  }
  const described = standard === undefined ? help : `${help} (default: ${standard})`;
  return [
    new Option(`${long} <${kind.metavar}>`, described).argParser(
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    ),
  ];
}
