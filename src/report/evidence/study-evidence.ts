import { cellSignal } from "../../base/cell-signal";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { Evaluation } from "../../evaluation/evaluation";
import { auditFacts, auditParts } from "./audit-facts";
import { dataFacts, type DataSources } from "./data-facts";
import { environmentFacts } from "./environment-facts";
import { errorFacts } from "./error-facts";
import type { StudyEvidence } from "./evidence";
import { settingValues, trainingFacts, type TrainingSources } from "./training-facts";

/** Sources of {@link studyEvidence}: the data, their parts, the training and the test evaluation. */
export interface StudyEvidenceOptions extends DataSources, TrainingSources {
  /** The evaluation of the test part after training. */
  readonly after: Evaluation;
  /** The run's parameters by name; absolute paths are kept without their folders. */
  readonly settings: Readonly<Record<string, unknown>>;
  /**
   * The features by which training texts near a wrong text are found: of the encoder, which takes a pass over the
   * training texts, or TF-IDF.
   * @default "encoder"
   */
  readonly nearestBy?: "encoder" | "tfidf";
  /** Stops the passes. @default the cell's interrupt */
  readonly signal?: AbortSignal;
}

/**
 * Gathers the facts for a report that only the run knows: hashes and counts of the data, the audit of all parts, the
 * test texts that were predicted wrong with their nearest training texts, training, settings and versions. The result
 * holds IDs, but no text of the data. `writeResults` stores it.
 *
 * @param classifier - the trained classifier
 * @throws TsloraError `bad-input` if `after` is not the evaluation of the test part.
 */
export async function studyEvidence(
  classifier: SequenceClassifier,
  options: StudyEvidenceOptions,
): Promise<StudyEvidence> {
  const { parts, about, after, settings, nearestBy = "encoder", signal = cellSignal() } = options;
  const data = dataFacts(classifier, options);
  const audited = await auditParts(parts, { labels: about.labels, signal });
  return {
    data,
    audit: auditFacts(audited),
    errors: await errorFacts({
      parts,
      after,
      audited,
      ...(nearestBy === "encoder" ? { classifier } : {}),
      signal,
    }),
    training: trainingFacts(classifier, options),
    settings: settingValues(settings),
    environment: await environmentFacts(classifier),
  };
}
