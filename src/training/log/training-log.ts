import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { makeFolder } from "../../base/files/make-folder";
import { isMissingFile } from "../../base/files/open-regular-file";
import { readFileBytes } from "../../base/files/read-text-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { TensorboardFile } from "./tensorboard-file";

/** The log's name in a run's output folder. */
export const LOG_FILE = "trainer_log.jsonl";

/** A line of the log: the numbers of a step, those of an evaluation under `eval_…`, or a warning. */
export type LogLine = { readonly step: number; readonly epoch: number } & Readonly<
  Record<string, number | string | boolean>
>;

/** A run's log, one JSON object per line, and TensorBoard's event files if requested. */
export class TrainingLog {
  readonly #file: FileHandle;
  readonly #tensorboard: TensorboardFile | undefined;

  private constructor(file: FileHandle, tensorboard: TensorboardFile | undefined) {
    this.#file = file;
    this.#tensorboard = tensorboard;
  }

  /**
   * Opens a run's log for writing.
   *
   * @param options.resume - the step that a run resumes from, and its log. Lines up to that step are kept, so that each
   *   step is logged once. `evaluationDue`: the evaluation of that step has not been made yet
   */
  static async open(
    directory: string,
    options: { tensorboard: boolean; resume?: { step: number; log: string; evaluationDue: boolean } },
  ): Promise<TrainingLog> {
    const { tensorboard, resume } = options;
    makeFolder(directory);
    const path = join(directory, LOG_FILE);
    const kept =
      resume === undefined
        ? []
        : (await readLog(resume.log)).filter(
            (line) =>
              line.step < resume.step ||
              (line.step === resume.step && !(resume.evaluationDue && ("eval_loss" in line || "warning" in line))),
          );
    await writeAtomically(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const events = tensorboard
      ? await TensorboardFile.create(join(directory, "runs"), { firstStep: resume?.step })
      : undefined;
    // TensorBoard ignores steps of earlier event files from this step on, so this step is written again.
    for (const line of kept) if (line.step === resume?.step) await events?.scalars(line.step, scalarsOf(line));
    return new TrainingLog(await open(path, "a"), events);
  }

  async write(line: LogLine): Promise<void> {
    await this.#file.appendFile(`${JSON.stringify(line)}\n`);
    await this.#tensorboard?.scalars(line.step, scalarsOf(line));
  }

  async sync(): Promise<void> {
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.#file.close();
    await this.#tensorboard?.close();
  }
}

/** A line's numbers, named as by transformers' TensorBoardCallback. */
function scalarsOf(line: LogLine): Record<string, number> {
  const numbers = Object.entries(line).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "step",
  );
  if ("eval_loss" in line)
    return Object.fromEntries(
      numbers
        .filter(([name]) => name.startsWith("eval_"))
        .map(([name, value]) => [`eval/${name.slice("eval_".length)}`, value]),
    );
  return "loss" in line ? Object.fromEntries(numbers.map(([name, value]) => [`train/${name}`, value])) : {};
}

/** The complete lines of a log; none if there is no log. Skips a line that a killed run left incomplete. */
export async function readLog(path: string): Promise<LogLine[]> {
  const bytes = await readFileBytes(path).catch((error: unknown) => {
    if (isMissingFile(error)) return undefined;
    throw error;
  });
  const text = bytes?.toString("utf8") ?? ""; // the last character may be incomplete after a kill
  return text.split("\n").flatMap((line): LogLine[] => {
    try {
      const value: unknown = JSON.parse(line);
      return typeof value === "object" && value !== null && "step" in value && typeof value.step === "number"
        ? [value as LogLine]
        : [];
    } catch {
      return [];
    }
  });
}
