import type { OptionKind } from "./option-kinds";

/** The description of one option: flag, key in a configuration file, help and check are derived from it. */
export interface OptionSpec<T> {
  readonly kind: OptionKind<T>;
  readonly help: string;
  /** The default as the help shows it. The library or the command sets the value. */
  readonly default?: string;
  /** Help of `--no-...`, for a switch that is on by default. */
  readonly off?: string;
  /**
   * The library's name of the option, for its messages.
   * @default the key
   */
  readonly libraryKey?: string;
  /** A one-letter flag, in addition. */
  readonly short?: string;
}

/** Options by key, in camelCase as in the library. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

/** The given values of a table's options; options that were not given are missing. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Key in keyof Table]?: Table[Key] extends OptionSpec<infer T> ? T : never;
};

/** Options that are under one heading in the help and belong to one function of the library. */
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
