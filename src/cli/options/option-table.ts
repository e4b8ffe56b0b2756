import type { OptionKind } from "./option-kinds";

/** One option, described once: flag, key in a configuration file, help and check all come from here. */
export interface OptionSpec<T> {
  readonly kind: OptionKind<T>;
  readonly help: string;
  /** The default in the help. The value itself is the library's, or the command's. */
  readonly default?: string;
  /** Help of `--no-...`, for a switch that is on by default. */
  readonly off?: string;
  /**
   * The library's name of the option, for its messages.
   * @default the key
   */
  readonly libraryKey?: string;
  /** A one-letter flag besides. */
  readonly short?: string;
}

/** Options by their key, in camelCase as in the library. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The values that a table's options were given; what was not given is not there. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]?: Table[Key] extends OptionSpec<infer T> ? T : never;
};

/** Options that belong together: under one heading in the help, and to one place in the library. */
export interface OptionGroup {
  readonly title: string;
  readonly options: OptionTable;
}

/** `learningRate` as a flag: `--learning-rate`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A key of a configuration file in camelCase: `learning_rate` and `learning-rate` are `learningRate`. */
export function keyOf(name: string): string {
  return name.replace(/(?<=.)[-_](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Picks the values of one table's options. */
export function pick<Table extends OptionTable>(
  values: Readonly<Record<string, unknown>>,
  table: Table,
): OptionValues<Table> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in table)) as OptionValues<Table>;
}
