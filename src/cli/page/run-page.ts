import { shellWord } from "../../base/shell-word";
import { Problems } from "../../base/problems";
import { checkExportFolder } from "../../export/export-folder";
import { writePage, type WrittenPage } from "../../export/page/write-page";
import { EXIT } from "../exit-codes";
import { openClassifier } from "../inputs/open-classifier";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { pick } from "../options/option-table";
import { PAGE_OPTIONS } from "../options/page-options";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { hearInterruption } from "../run/interruption";
import { shortPath } from "../run/run-in-terminal";
import { table } from "../terminal/terminal";
import { bytes } from "../terminal/text-layout";
import { writeNotice } from "../terminal/write-notice";

/** `tslora page`. Notices go to standard error, the files with their sizes to standard output. */
export async function runPage({ terminal, values }: CommandCall): Promise<number> {
  const { output = "", ...options } = pick(values, PAGE_OPTIONS);
  const { model, adapter } = pick(values, MODEL_OPTIONS);
  const problems = new Problems("tslora page");
  problems.expect(output !== "", "--output is needed: the folder for the page");
  const sources = [model, adapter].flatMap((source) => source ?? []);
  if (output !== "") checkExportFolder(problems, output, { overwrite: options.overwriteOutputDir === true, sources });
  problems.throwIfAny();
  const notices: string[] = [];
  const notice = (text: string): void => {
    notices.push(text);
    if (values.json !== true) writeNotice(terminal, text);
  };
  const { classifier, adapterFolder } = await openClassifier({
    command: "page",
    terminal,
    ...pick(values, MODEL_OPTIONS),
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
  });
  const interruption = hearInterruption(terminal, { effect: "the folder stays as it was" });
  try {
    const run = adapterFolder ?? classifier.origin.directory;
    const written = await writePage(classifier, output, { ...options, run, signal: interruption.signal });
    notice(thresholdNotice(written));
    if (values.json === true)
      terminal.out.write(`${JSON.stringify({ ...written, labels: classifier.labels, notices }, undefined, 2)}\n`);
    else terminal.out.write(`${pageLines(written, shortPath(output)).join("\n")}\n`);
    return EXIT.ok;
  } finally {
    interruption.release();
    classifier.dispose();
  }
}

function thresholdNotice({ threshold }: WrittenPage): string {
  return threshold.kind === "scores"
    ? `The page's threshold shows precision and recall on the run's ${threshold.texts} test texts.`
    : `The page has no threshold: ${threshold.reason}.`;
}

function pageLines({ files, bytes: loaded }: WrittenPage, folder: string): string[] {
  return [
    ...table(files.map(({ path, bytes: size }) => [path, bytes(size)])),
    `A visitor's browser loads ${bytes(loaded)}.`,
    `Serve it with: python3 -m http.server --directory ${shellWord(folder)}`,
    `page: ${folder}`,
  ];
}
