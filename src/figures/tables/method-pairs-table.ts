import { formatChange, formatInterval, formatPValue, type IntervalLike } from "../format";
import type { Table, TableCell } from "../types";

interface TestLike {
  readonly difference: number;
  readonly interval: IntervalLike;
  readonly adjustedPValue: number;
}

/** The tests of a pair of methods, as `compareMethods` gives them. */
export interface MethodPairLike {
  readonly from: string;
  readonly to: string;
  readonly mcnemar: { readonly onlyBefore: number; readonly onlyAfter: number; readonly adjustedPValue: number } | null;
  readonly bootstrap: TestLike | null;
  readonly folds: TestLike | null;
}

/** Options of {@link methodPairsTable}. */
export interface MethodPairsTableOptions {
  /** @default "Differences in accuracy" */
  readonly title?: string;
  /** @default a sentence about the tests and Holm's correction */
  readonly note?: string;
}

const NOTE =
  "p-values are two-sided and corrected by Holm's method for all pairs of their column. McNemar: exact, first seed; texts that only one of the two gets right.";

/** A row for each pair of methods, with three tests of the difference in accuracy. */
export function methodPairsTable(pairs: readonly MethodPairLike[], options: MethodPairsTableOptions = {}): Table {
  const { title = "Differences in accuracy", note = NOTE } = options;
  return {
    kind: "table",
    title,
    columns: [
      { name: "From" },
      { name: "To" },
      { name: "Difference", align: "right", group: "Fixed split" },
      { name: "p, bootstrap", align: "right", group: "Fixed split" },
      { name: "p, McNemar", align: "right", group: "Fixed split" },
      { name: "Difference", align: "right", group: "Cross-validation" },
      { name: "p, corrected t", align: "right", group: "Cross-validation" },
    ],
    rows: pairs.map(({ from, to, mcnemar, bootstrap, folds }) => ({
      kind: "cells",
      cells: [
        from,
        to,
        differenceCell(bootstrap),
        pValueText(bootstrap),
        mcnemar === null ? "–" : { text: pValueText(mcnemar), detail: `${mcnemar.onlyBefore} : ${mcnemar.onlyAfter}` },
        differenceCell(folds),
        pValueText(folds),
      ],
    })),
    note,
  };
}

function differenceCell(test: TestLike | null): TableCell {
  if (test === null) return "–";
  return { text: formatChange(test.difference, 3), detail: formatInterval(test.interval, 3) };
}

function pValueText(test: { readonly adjustedPValue: number } | null): string {
  return test === null ? "–" : formatPValue(test.adjustedPValue);
}
