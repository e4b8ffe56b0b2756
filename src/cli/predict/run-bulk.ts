import { Problems } from "../../base/problems";
import { returnValueOf } from "../../base/return-value";
import { TsloraError } from "../../base/tslora-error";
import { deviceOf } from "../../device/device";
import { resolveDevice } from "../../device/open-device";
import { EXIT } from "../exit-codes";
import { findAdapter, resolveBase } from "../inputs/find-adapter";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { BULK_DRIVER_OPTIONS, BULK_OPTIONS } from "../options/bulk-options";
import { pick } from "../options/option-table";
import { INPUT_OPTIONS, PREDICT_OPTIONS } from "../options/predict-options";
import { DEVICE_OPTIONS, MODEL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import { hearInterruption } from "../run/interruption";
import { writeNotice } from "../terminal/write-notice";
import { BulkView, bulkLines } from "./bulk-view";

/**
 * `tslora predict --input`: files in shards. Notices and progress go to standard error, with --json progress to
 * standard output.
 */
export async function runBulk(call: CommandCall): Promise<number> {
  const { terminal, values } = call;
  const bulk = pick(values, BULK_OPTIONS);
  checkBulk(call);
  const json = values.json === true;
  const view = new BulkView(terminal, { json });
  const notice = (text: string): void => writeNotice(terminal, text);
  const { model, adapter: given, labels, maxLength } = pick(values, MODEL_OPTIONS);
  const adapter = given === undefined ? undefined : await findAdapter(given);
  const base = adapter !== undefined && model === undefined ? await resolveBase("predict", adapter) : undefined;
  const device = deviceOf(pick(values, DEVICE_OPTIONS));
  loadQuietly(terminal, device);
  const chosen = await resolveDevice(device);
  notice(chosen.notice);
  const { precision } = pick(values, PRECISION_OPTIONS);
  if (precision === "int8" && chosen.kind !== "cpu")
    throw new TsloraError(
      "device",
      `tslora predict: --precision int8 needs the kernels of the processor; the device is ${chosen.name}. Give --device cpu, or --precision float32.`,
    );
  if (precision === "bf16") notice("Precision bf16 brings nothing to prediction and is not used.");
  const { predictFiles } = await import("../../jobs/prediction/predict-files.js");
  const { textColumn, textPair, idColumn, delimiter, quotes } = pick(values, INPUT_OPTIONS);
  const { threshold, maxTokensPerPass, cleanTexts, calibration, multiLabel } = pick(values, PREDICT_OPTIONS);
  const interruption = hearInterruption(terminal, {
    effect: "finished chunks are kept, and the same command continues",
    show: (text) => view.line(text),
  });
  const output = bulk.output ?? "";
  try {
    const events = predictFiles(bulk.input ?? [], {
      ...{ output, labels, maxLength, device: device.device, textColumn, textPair, idColumn, delimiter, quote: quotes },
      ...{ threshold, maxTokensPerPass, cleanTexts, calibrated: calibration === false ? false : undefined },
      model: model ?? base?.directory,
      adapter: adapter?.directory,
      precision: precision === "bf16" ? undefined : precision,
      problemType: multiLabel === true ? "multi_label_classification" : undefined,
      ...{ ...pick(values, BULK_DRIVER_OPTIONS), onNotice: notice },
      ...{ cascade: bulk.cascade, outputFormat: bulk.outputFormat, chunkRecords: bulk.chunkRecords },
      signal: interruption.signal,
    });
    const summary = await returnValueOf(events, (event) => view.show(event));
    view.stop();
    terminal.out.write(
      json
        ? `${JSON.stringify({ type: "done", ...summary })}\n`
        : `${bulkLines(summary, { terminal, output }).join("\n")}\n`,
    );
    return summary.failed.length > 0 ? EXIT.cellFailed : EXIT.ok;
  } finally {
    view.stop();
    interruption.release();
  }
}

function checkBulk({ args, values }: CommandCall): void {
  const { input, output } = pick(values, BULK_OPTIONS);
  const problems = new Problems("tslora predict");
  problems.expect(input !== undefined && input.length > 0, "--input is needed with --output: files of texts");
  problems.expect(output !== undefined, "--output is needed with --input: a folder for the predictions");
  problems.expect(args.length === 0 && values.file === undefined, "--input takes no texts as arguments and no --file");
  for (const flag of ["abstain", "topK", "inputFormat"])
    problems.expect(
      values[flag] === undefined,
      `--${flag.replace("topK", "top-k").replace("inputFormat", "input-format")} is not for --input`,
    );
  problems.expect(
    values.onBadEntry === undefined || values.onBadEntry === "report",
    "--on-bad-entry refuse is not for --input, which reports bad records and continues",
  );
  problems.throwIfAny();
}
