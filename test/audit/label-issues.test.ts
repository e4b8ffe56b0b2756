import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { ISSUE_FILTERS, QUALITY_METHODS } from "../../src/audit/audit-defaults";
import { confidentJoint } from "../../src/audit/labels/confident-joint";
import { findLabelIssues } from "../../src/audit/labels/find-label-issues";
import { labelQualityScores } from "../../src/audit/labels/label-quality-scores";
import { drawLabelCase } from "./label-cases";

interface Golden {
  readonly joint: number[][];
  readonly found: number;
  readonly filters: Record<string, string>;
  readonly ranked: Record<string, string>;
  readonly pruned: string;
  readonly scores: Record<string, string>;
}
const goldens = JSON.parse(
  readFileSync(join(projectRoot(), "test", "audit", "golden-label-issues.json"), "utf8"),
) as Golden[];
const digest = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex").slice(0, 16);
const ofRows = (rows: readonly number[]): string => digest(rows.join(","));

test("label issues, joint distributions and scores equal cleanlab's in 200 random cases", () => {
  assert.equal(goldens.length, 200);
  for (const [seed, golden] of goldens.entries()) {
    const { labels, probabilities } = drawLabelCase(seed);
    const scores = (method: (typeof QUALITY_METHODS)[number]): string =>
      digest(Buffer.from(Float64Array.from(labelQualityScores(labels, probabilities, { method })).buffer));
    assert.deepEqual(
      {
        joint: confidentJoint(labels, probabilities).counts,
        found: findLabelIssues(labels, probabilities).length,
        filters: Object.fromEntries(
          ISSUE_FILTERS.map((filterBy) => [filterBy, ofRows(findLabelIssues(labels, probabilities, { filterBy }))]),
        ),
        ranked: Object.fromEntries(
          QUALITY_METHODS.map((returnIndicesRankedBy) => [
            returnIndicesRankedBy,
            ofRows(findLabelIssues(labels, probabilities, { returnIndicesRankedBy })),
          ]),
        ),
        pruned: ofRows(
          findLabelIssues(labels, probabilities, {
            filterBy: seed % 2 === 1 ? "both" : "prune_by_noise_rate",
            minExamplesPerClass: seed % 4,
            fracNoise: 1 - (seed % 5) / 10,
          }),
        ),
        scores: Object.fromEntries(QUALITY_METHODS.map((method) => [method, scores(method)])),
      },
      golden,
      `seed ${seed}`,
    );
  }
});

test("labels and probabilities that do not match are refused", () => {
  const refused = (call: () => unknown, part: RegExp): void =>
    assert.throws(call, (error) => error instanceof TsloraError && part.test(error.message));
  refused(() => findLabelIssues([], []), /a text at least; got none/);
  refused(() => findLabelIssues([0, 1], [[1, 0]]), /a row for each of 2 labels; got 1/);
  refused(() => findLabelIssues([2], [[1, 0]]), /row 0: the label must be a whole number from 0 to 1; got 2/);
  refused(() => findLabelIssues([0], [[NaN, 0]]), /row 0: there must be 2 probabilities from 0 to 1; got NaN, 0/);
  refused(() => confidentJoint([0], [[1.1, 0]]), /from 0 to 1; got 1.1, 0/);
  refused(() => findLabelIssues([0], [[1, 0]], { fracNoise: 2 }), /fracNoise must be a number from 0 to 1; got 2/);
  refused(() => findLabelIssues([0], [[1, 0]], { filterBy: "all" as "both" }), /filterBy must be one of prune_by/);
});
