import { valueText } from "../space/search-space";
import type { WinnerReport } from "./winner-report";

/** The report of a winner in sentences, for terminals and notebooks. */
export function winnerLines(report: WinnerReport): string[] {
  const { number, settings, metric, searchValue, seeds, validation, test, selection } = report;
  const { trials, lead, bySeeds, share, expectedBySeeds, byTexts } = selection;
  const interval = (of: typeof validation): string =>
    of.interval === undefined ? "" : ` (95% interval ${short(of.interval.low)} to ${short(of.interval.high)})`;
  return [
    `Trial ${number} wins: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${typeof value === "number" ? short(value) : valueText(value)}`)
      .join(", ")}.`,
    `Its ${metric} was ${short(searchValue)} in the search. With ${seeds.length} new seeds it is ${short(validation.mean)}${interval(validation)} on the same validation texts.`,
    ...(test === undefined
      ? []
      : [`On the test texts, which no choice has seen, it is ${short(test.mean)}${interval(test)}.`]),
    trials < 2
      ? "No other trial was trained to its end, so there is no lead to judge."
      : `It led the median of ${trials} complete trials by ${short(lead)}. ${
          bySeeds > 0
            ? `${short(bySeeds)} of that${share === undefined ? "" : ` (${Math.round(100 * share)}%)`} was the luck of its seeds.`
            : "None of that was the luck of its seeds."
        }`,
    ...(expectedBySeeds === undefined
      ? []
      : [`If all trials were equal, luck alone would put the best of them ${short(expectedBySeeds)} ahead.`]),
    ...(byTexts === undefined
      ? []
      : [`Choosing by these validation texts adds an estimated ${short(byTexts)} (bootstrap bias correction).`]),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
