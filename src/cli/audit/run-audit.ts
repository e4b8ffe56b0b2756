import type { DataFrame } from "danfojs-node";

import type { AuditProgress } from "../../audit/audit-options";
import type { AuditResult } from "../../audit/audit-result";
import { Problems } from "../../base/problems";
import { shownPath } from "../../base/shown-path";
import { writeAtomically } from "../../base/files/write-atomically";
import { EXIT } from "../exit-codes";
import { asksForSeveralLabels } from "../inputs/several-labels";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { AUDIT_OPTIONS } from "../options/audit-options";
import { pick, type OptionValues } from "../options/option-table";
import { DATA_OPTIONS } from "../options/shared-options";
import { hearInterruption } from "../run/interruption";
import { countProgress, type CountProgress } from "../terminal/show-progress";
import type { Terminal } from "../terminal/terminal";
import { writeNotice } from "../terminal/write-notice";
import { GROUP } from "../../corpus/read-frame";

type AuditValues = OptionValues<typeof AUDIT_OPTIONS>;

/** `tslora audit`. Notices and progress go to standard error, the report to standard output. */
export async function runAudit({ terminal, values }: CommandCall): Promise<number> {
  const options = pick(values, AUDIT_OPTIONS);
  const data = pick(values, DATA_OPTIONS);
  expectOptions(data, options);
  const notice = (text: string): void => writeNotice(terminal, text);
  const interruption = hearInterruption(terminal, { effect: "nothing is written" });
  const progress = auditProgress(terminal);
  try {
    loadQuietly(terminal);
    const { frame, names, test } = await loadParts(
      { ...data, groupColumn: options.groupColumn },
      { test: options.test, notice, signal: interruption.signal },
    );
    const { audit } = await import("../../audit/audit.js"); // danfojs loads TensorFlow
    const result = await audit(test === undefined ? frame : { data: frame, test }, {
      labels: names,
      checks: options.checks,
      groupColumn: options.groupColumn === undefined ? undefined : GROUP,
      folds: { nSplits: options.nSplits, randomState: options.randomState },
      labelIssues: { filterBy: options.filterBy, returnIndicesRankedBy: options.rankBy },
      duplicates: { threshold: options.similarity, shingleSize: options.shingleSize },
      signal: interruption.signal,
      onProgress: progress.show,
    });
    progress.stop();
    await report(result, { terminal, json: values.json === true, output: options.output });
    return EXIT.ok;
  } finally {
    progress.stop();
    interruption.release();
  }
}

/** Refuses options that are invalid for all data. */
function expectOptions(data: OptionValues<typeof DATA_OPTIONS>, { checks, similarity, output }: AuditValues): void {
  const problems = new Problems("tslora audit");
  problems.expect(data.data !== undefined, "--data is needed: the labelled texts to check");
  problems.expect(
    !asksForSeveralLabels(data) || checks?.includes("labels") !== true,
    "--checks must be without labels if a text may have several",
  );
  problems.expect(
    similarity === undefined || (similarity > 0 && similarity < 1),
    `--similarity must be a number between 0 and 1; got ${similarity}`,
  );
  problems.expect(
    output === undefined || /\.(csv|json)$/i.test(output),
    `--output must end in .csv or .json; got ${output ?? ""}`,
  );
  problems.throwIfAny();
}

/** Loads the texts, and the test texts with labels of the same names. */
async function loadParts(
  data: OptionValues<typeof DATA_OPTIONS> & { readonly groupColumn?: string },
  { test, ...rest }: { test?: string; notice: (text: string) => void; signal: AbortSignal },
): Promise<{ frame: DataFrame; names?: readonly string[]; test?: DataFrame }> {
  const { loadTexts } = await import("../inputs/load-texts.js"); // danfojs loads TensorFlow
  const { frame, corpus } = await loadTexts(data, { allowMissingClasses: true, ...rest });
  const names = corpus.report.classes.map(({ name }) => name);
  if (test === undefined) return { frame, names };
  const loaded = await loadTexts({ ...data, data: test }, { labels: names, allowMissingClasses: true, ...rest });
  return { frame, names, test: loaded.frame };
}

async function report(
  result: AuditResult,
  { terminal, json, output }: { terminal: Terminal; json: boolean; output: string | undefined },
): Promise<void> {
  const { auditCsv, auditJson } = await import("../../audit/export-issues.js");
  const { auditLines } = await import("./audit-lines.js");
  if (output !== undefined)
    await writeAtomically(output, /\.json$/i.test(output) ? auditJson(result) : auditCsv(result));
  terminal.out.write(json ? auditJson(result) : `${auditLines(result, terminal).join("\n")}\n`);
  if (output !== undefined && !json) writeNotice(terminal, `The issues are in ${shownPath(output)}.`);
}

const WORDS = {
  labels: "Judging labels",
  duplicates: "Comparing texts",
  embeddings: "Comparing embeddings",
  texts: "",
};
const UNITS = { labels: "folds", duplicates: "texts", embeddings: "tables", texts: "texts" };

/** A bar for each check in turn. */
function auditProgress(terminal: Terminal): { show: (progress: AuditProgress) => void; stop: () => void } {
  let running: { readonly check: string; readonly bar: CountProgress } | undefined;
  return {
    show: ({ check, done, total }) => {
      if (running?.check !== check) {
        running?.bar.stop();
        running = { check, bar: countProgress(terminal, WORDS[check], UNITS[check]) };
      }
      running.bar.update(done, total);
    },
    stop: () => {
      running?.bar.stop();
      running = undefined;
    },
  };
}
