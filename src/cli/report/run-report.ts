import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { lockFolder } from "../../base/lock/lock-output";
import { studyFacts } from "../../report/facts/gather-facts";
import { readResultsFile } from "../../report/read-results-file";
import { REPORT_FILES, writeReport } from "../../report/write-report";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { pick } from "../options/option-table";
import { REPORT_OPTIONS } from "../options/report-options";
import { shortPath } from "../run/run-in-terminal";

/** `tslora report`. Prints the paths that it wrote. */
export async function runReport({ terminal, args, values }: CommandCall): Promise<number> {
  const given = resolve(expandHome(args[0]));
  const path = existsSync(given) && statSync(given).isDirectory() ? join(given, "results.json") : given;
  const { outputDir = dirname(path) } = pick(values, REPORT_OPTIONS);
  const facts = studyFacts(await readResultsFile(path));
  const lock = lockFolder(resolve(outputDir), {
    purpose: "report",
    command: ["tslora report", ...args].join(" "),
    covers: Object.values(REPORT_FILES),
  });
  try {
    const written = await writeReport(facts, outputDir);
    if (values.json === true) terminal.out.write(`${JSON.stringify(written, undefined, 2)}\n`);
    else {
      terminal.out.write(`facts: ${shortPath(written.facts)}\n`);
      terminal.out.write(`report: ${shortPath(written.page)}\n`);
    }
    return EXIT.ok;
  } finally {
    lock.release();
  }
}
