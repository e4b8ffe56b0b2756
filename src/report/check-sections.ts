import { Problems } from "../base/problems";
import { holds } from "../figures/plots/holds";
import type { ReportBlock, ReportFigure, ReportSection, ReportTable } from "./report-section";

/** Ids of the page's own sections, which further ones must not have. */
const OWN_IDS = [
  "main",
  "summary",
  "question",
  "data",
  "audit",
  "method",
  "results",
  "calibration",
  "errors",
  "other-texts",
  "conclusions",
  "limits",
  "checklist",
  "repeat",
  "settings",
  "versions",
];

/**
 * Checks sections that other code made.
 *
 * @throws TsloraError `bad-input` that lists every problem: ids that are invalid or taken, rows of another length than
 *   the columns, figures without points, numbers that are not finite, intervals without their point
 */
export function checkSections(sections: readonly ReportSection[]): void {
  const problems = new Problems("writeReport");
  const taken = new Set(OWN_IDS);
  const expectId = (id: string): void => {
    problems.expect(
      /^[a-z][a-z0-9-]{0,80}$/.test(id),
      `an id must be small letters, digits and hyphens; got ${JSON.stringify(id)}`,
    );
    problems.expect(!taken.has(id), `ids must be unique on the page; ${JSON.stringify(id)} is taken`);
    taken.add(id);
  };
  for (const { id, title, content } of sections) {
    expectId(id);
    problems.expect(title.trim() !== "", `the section ${id} must have a title; got none`);
    for (const block of content) {
      if ("id" in block && block.id !== undefined) expectId(block.id);
      checkBlock(block, problems);
    }
  }
  problems.throwIfAny("bad-input");
}

function checkBlock(block: ReportBlock, problems: Problems): void {
  if (block.kind === "table") checkTable(block, problems);
  if (block.kind === "figure") checkFigure(block, problems);
}

function checkTable({ caption, columns, rows }: ReportTable, problems: Problems): void {
  problems.expect(columns.length > 0, `the table ${JSON.stringify(caption)} must have a column; got none`);
  rows.forEach((row, at) =>
    problems.expect(
      row.length === columns.length,
      `row ${at} of the table ${JSON.stringify(caption)} must have ${columns.length} cells; got ${row.length}`,
    ),
  );
}

function checkFigure({ title, series, logX = false }: ReportFigure, problems: Problems): void {
  const where = `the figure ${JSON.stringify(title)}`;
  problems.expect(
    series.some(({ points }) => points.length > 0),
    `${where} must have a point; got none`,
  );
  for (const { name, points } of series)
    for (const { x, y, low = y, high = y } of points) {
      const place = `${where}, ${JSON.stringify(name)} at ${x}`;
      problems.expect(
        [x, y, low, high].every((value) => typeof value === "string" || Number.isFinite(value)),
        `${place}: numbers must be finite; got ${[x, y, low, high].join(", ")}`,
      );
      problems.expect(holds({ low, high }, y), `${place}: the interval must hold ${y}; got ${low} to ${high}`);
      problems.expect(!logX || (typeof x === "number" && x > 0), `${place}: x must be above 0 on a logarithmic axis`);
    }
}
