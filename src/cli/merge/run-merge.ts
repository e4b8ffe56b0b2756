import { lockFolder } from "../../base/lock/lock-output";
import { Problems } from "../../base/problems";
import { mergedCard } from "../../classifier/merged-card";
import { saveModelCard } from "../../hub/card/model-card";
import { readRunFacts } from "../../hub/card/run-facts";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { writeNotice } from "../terminal/write-notice";
import { loadQuietly } from "../load-quietly";
import { openClassifier } from "../inputs/open-classifier";
import { pick } from "../options/option-table";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../options/shared-options";
import { MERGE_OPTIONS } from "../options/merge-options";
import { shortPath } from "../run/run-in-terminal";
import { checkOutput } from "./check-output";

/** `tslora merge`. Nothing is written unless the merged weights give the adapter's logits. */
export async function runMerge(call: CommandCall): Promise<number> {
  const { output, overwrite = false, bound } = pick(call.values, MERGE_OPTIONS);
  const { model: base, adapter } = pick(call.values, MODEL_OPTIONS);
  const problems = new Problems("tslora merge");
  problems.expect(adapter !== undefined, "--adapter is needed: the adapter's folder, or its name on the Hub");
  problems.expect(output !== undefined, "--output is needed: the folder for the merged model");
  problems.expect(bound === undefined || bound > 0, `--bound must be above 0; got ${bound}`);
  if (output !== undefined) checkOutput(problems, output, { overwrite, sources: [base, adapter] });
  problems.throwIfAny();
  const lock = lockFolder(output ?? "", { purpose: "tslora merge" });
  try {
    return await mergeLocked(call, { folder: output ?? "", problems });
  } finally {
    lock.release();
  }
}

async function mergeLocked(
  { terminal, values }: CommandCall,
  { folder, problems }: { folder: string; problems: Problems },
): Promise<number> {
  const { overwrite = false, bound } = pick(values, MERGE_OPTIONS);
  const { model: base, adapter, labels } = pick(values, MODEL_OPTIONS);
  const notices: string[] = [];
  const notice = (text: string): void => {
    notices.push(text);
    if (values.json !== true) writeNotice(terminal, text);
  };
  const {
    classifier,
    model,
    adapterFolder = "",
  } = await openClassifier({
    command: "merge",
    terminal,
    notice,
    beforeLoading: () => loadQuietly(terminal, pick(values, DEVICE_OPTIONS)),
    ...pick(values, DEVICE_OPTIONS),
    model: base,
    adapter,
    labels,
  });
  try {
    checkOutput(problems, folder, { overwrite, sources: [model.directory, adapterFolder] });
    problems.throwIfAny();
    const facts = await readRunFacts(adapterFolder);
    const card = mergedCard(classifier, classifier.adapter?.config, facts);
    const check = await classifier.mergeAndUnload({ bound });
    await classifier.saveModel(folder);
    if (card !== undefined) await saveModelCard(folder, card);
    if (values.json === true)
      terminal.out.write(
        `${JSON.stringify({ output: folder, model: model.id, adapter, labels: classifier.labels, notices, check }, undefined, 2)}\n`,
      );
    else terminal.out.write(`${String(check)}\nmodel: ${shortPath(folder)}\n`);
    return EXIT.ok;
  } finally {
    classifier.dispose();
  }
}
