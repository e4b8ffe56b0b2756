/**
 * Fills a table of all characters from runs: a length, a dot, and the bits of the run's characters if there are any, in
 * base 36; separated by commas.
 */
export function fillFromRuns<Table extends Uint8Array | Uint16Array>(table: Table, runs: string): Table {
  let at = 0;
  for (const run of runs.split(",")) {
    const [length, bits = "0"] = run.split(".");
    const end = at + parseInt(length, 36);
    table.fill(parseInt(bits, 36), at, end);
    at = end;
  }
  return table;
}

/** Number of Unicode's code points. */
export const CODE_POINTS = 0x110000;
