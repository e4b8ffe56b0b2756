import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { asError } from "../../../base/as-error";
import { readTextFile } from "../../../base/files/read-text-file";
import { writeAtomically } from "../../../base/files/write-atomically";
import { isRecord } from "../../../base/json";
import { packageVersion } from "../../../base/package-version";
import type { SequenceClassifier } from "../../../classifier/sequence-classifier";
import type { ResolvedTrainOptions } from "../../options/train-options";
import { TRAIN_OPTION_NAMES } from "../../options/train-option-table";
import type { LogLine } from "../training-log";
import { MlflowClient, type MlflowLimits } from "./mlflow-client";
import { MlflowRun, mlflowNotice, type MlflowStatus } from "./mlflow-run";
import { mlflowSettings } from "./mlflow-settings";

/** The file in a run's output folder with the id of its run in MLflow, for resuming. */
export const MLFLOW_FILE = "mlflow_run.json";

/** A training in MLflow: parameters at its start, the log's numbers with their steps, the adapter at its end. */
export class TrainingMlflow {
  readonly #run: MlflowRun | undefined;
  #notice: string | undefined;
  #ended = false;

  private constructor(run: MlflowRun | undefined, notice?: string) {
    this.#run = run;
    this.#notice = notice;
  }

  /**
   * Begins the run, or goes on with that of the resumed training. A server that does not answer is a notice, and then
   * nothing is sent.
   *
   * @param options.limits - for tests
   */
  static async begin(
    classifier: SequenceClassifier,
    { options, resumes, limits }: { options: ResolvedTrainOptions; resumes: boolean; limits?: Partial<MlflowLimits> },
  ): Promise<TrainingMlflow> {
    const settings = mlflowSettings();
    const client = new MlflowClient(settings, limits);
    const { outputDir } = options;
    try {
      const known = resumes && outputDir !== undefined ? await readRunId(outputDir) : undefined;
      if (known !== undefined) return new TrainingMlflow(await MlflowRun.resume(client, known));
      const experimentId = await client.experimentId();
      const { runName } = settings;
      const run = await MlflowRun.begin({ client, experimentId, runName, tags: tagsOf(classifier) });
      if (outputDir !== undefined)
        await writeAtomically(join(outputDir, MLFLOW_FILE), `${JSON.stringify({ run_id: run.id })}\n`);
      await run.params(paramsOf(classifier, options));
      return new TrainingMlflow(run);
    } catch (error) {
      return new TrainingMlflow(undefined, mlflowNotice(error));
    }
  }

  /** Logs the numbers of a line, under its names as transformers' MLflowCallback does. Returns at once. */
  write(line: LogLine): void {
    if ("warning" in line) return;
    const numbers = Object.entries(line).filter(
      (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "step",
    );
    this.#run?.metrics(line.step, Object.fromEntries(numbers));
  }

  /** Uploads the adapter, and ends the run. A second call does nothing. An adapter that cannot be sent is a notice. */
  async end(status: MlflowStatus, classifier?: SequenceClassifier): Promise<void> {
    if (this.#ended || this.#run === undefined) return;
    this.#ended = true;
    if (classifier?.adapter !== undefined)
      await this.#uploadAdapter(classifier).catch((error: unknown) => {
        this.#notice ??= `The adapter could not be sent to MLflow: ${asError(error).message}`;
      });
    await this.#run.finish(status);
  }

  /** The server's first failure since the last call. */
  takeNotice(): string | undefined {
    const notice = this.#notice ?? this.#run?.takeNotice();
    this.#notice = undefined;
    return notice;
  }

  async #uploadAdapter(classifier: SequenceClassifier): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), "tslora-mlflow-"));
    try {
      await classifier.saveAdapter(folder);
      await this.#run?.upload(folder, "adapter");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function readRunId(outputDir: string): Promise<string | undefined> {
  const path = join(outputDir, MLFLOW_FILE);
  const text = await readTextFile(path).catch(() => undefined);
  if (text === undefined) return undefined; // the stopped run was not logged to MLflow
  const value: unknown = JSON.parse(text);
  return isRecord(value) && typeof value.run_id === "string" ? value.run_id : undefined;
}

function tagsOf(classifier: SequenceClassifier): Record<string, string> {
  return { "mlflow.source.name": "tslora", "tslora.version": packageVersion(), "tslora.model": classifier.origin.id };
}

/** Options of training and adapter, by name. Paths are left out. */
function paramsOf(classifier: SequenceClassifier, options: ResolvedTrainOptions): Record<string, unknown> {
  const paths: readonly string[] = ["outputDir", "resumeFrom", "frozenPrefixCacheDir", "reportTo"];
  const training = TRAIN_OPTION_NAMES.filter((name) => !paths.includes(name)).map((name) => [name, options[name]]);
  const adapter = classifier.adapter?.config ?? {};
  return {
    model: classifier.origin.id,
    labels: classifier.labels.join(","),
    ...(Object.fromEntries(training) as Record<string, unknown>),
    ...Object.fromEntries(Object.entries(adapter).map(([name, value]) => [`lora.${name}`, value])),
  };
}
