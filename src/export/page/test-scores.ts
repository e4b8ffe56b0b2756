import { resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { findRunFile } from "../../base/files/find-run-file";
import { readJsonObject } from "../../base/files/parse-json-file";
import { isRecord } from "../../base/json";
import { shownPath } from "../../base/shown-path";
import type { ProblemType } from "../../model/encoder-config";
import type { PageThreshold } from "./page-facts";

const RESULTS = "results.json";

/**
 * Reads the saved scores of a run's test texts from `results.json`, in the adapter's or model's folder or the one
 * above.
 *
 * @param folder - of the adapter or the model; undefined if it is not known
 * @throws TsloraError `bad-input` for a results.json that is not JSON.
 */
export async function readTestScores(
  folder: string | undefined,
  { labels, problemType }: { labels: readonly string[]; problemType: ProblemType },
): Promise<PageThreshold> {
  if (problemType !== "single_label_classification" || labels.length !== 2)
    return none("a threshold is for classifiers of two labels, of which a text has one");
  if (folder === undefined)
    return none("the weights are not those of the model's folder, and no run with a results.json was named");
  const path = findRunFile(resolve(expandHome(folder)), RESULTS);
  if (path === undefined) return none("the run's folder holds no results.json with scores of test texts");
  const { after, labels: named } = await readJsonObject(path);
  if (JSON.stringify(named) !== JSON.stringify(labels))
    return none(`the labels in ${shownPath(path)} are not those of the classifier`);
  const rows: unknown[] = isRecord(after) && Array.isArray(after.predictions) ? after.predictions : [];
  const pairs = rows.flatMap((row) => {
    const probabilities: unknown = isRecord(row) ? row.probabilities : undefined;
    const score: unknown = Array.isArray(probabilities) && probabilities.length === 2 ? probabilities[1] : undefined;
    const yTrue = isRecord(row) ? row.yTrue : undefined;
    return typeof score === "number" && score >= 0 && score <= 1 && (yTrue === 0 || yTrue === 1)
      ? [{ score, yTrue }]
      : [];
  });
  if (rows.length === 0) return none(`${shownPath(path)} holds no scores of test texts`);
  if (pairs.length < rows.length) return none(`${shownPath(path)} holds scores that cannot be read`);
  return {
    kind: "scores",
    test: { scores: pairs.map(({ score }) => score), yTrue: pairs.map(({ yTrue }) => yTrue) },
  };
}

function none(reason: string): PageThreshold {
  return { kind: "none", reason };
}
