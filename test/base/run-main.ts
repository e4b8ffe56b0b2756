/**
 * Runs a command of the tests: its result is the exit code, an error is one line and exit code 2.
 *
 * @param main - does the work
 */
export function runMain(main: () => Promise<number>): void {
  main().then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 2;
    },
  );
}

/**
 * Reads an option that must be a whole number.
 *
 * @param name - the option without its dashes
 * @throws RangeError for any other text
 */
export function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isInteger(value))
    throw new RangeError(`--${name} must be a whole number; got ${text}. See --help.`);
  return value;
}

/** Reads the option `--seed`; draws a seed where none is given. */
export function readSeed(text: string | undefined): number {
  return text === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber("seed", text);
}

/**
 * Chooses by the option `--only`: all names where it is not given.
 *
 * @param matches - whether a word chooses a name
 * @throws RangeError where no name is chosen
 */
export function chooseOnly(
  names: readonly string[],
  words: readonly string[],
  matches: (name: string, word: string) => boolean,
  option = "--only",
): string[] {
  const chosen = names.filter((name) => words.length === 0 || words.some((word) => matches(name, word)));
  if (chosen.length === 0) throw new RangeError(`${option} must be of ${names.join(", ")}; got ${words.join(", ")}.`);
  return chosen;
}
