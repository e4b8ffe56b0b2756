import type { AuditReason, AuditResult } from "../../audit/audit-result";
import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { readFrame, textInputs } from "../../corpus/read-frame";
import type { Evaluation } from "../../evaluation/evaluation";
import type { StudyParts } from "./data-facts";
import type { ErrorFacts } from "./evidence";
import { nearestTexts } from "./nearest-texts";

/** The report keeps at most so many wrong texts. */
const KEPT = 1000;

/** Reasons of an audit that doubt a label. */
const DOUBTS: readonly AuditReason[] = ["label-issue", "duplicate-other-label"];

/** Sources of {@link errorFacts}. */
export interface ErrorSources {
  readonly parts: StudyParts;
  /** The evaluation on the test part. */
  readonly after: Evaluation;
  /** The audit of all parts in the order train, validation, test. */
  readonly audited: AuditResult;
  /** The encoder whose features find the nearest training texts. @default none: TF-IDF */
  readonly classifier?: SequenceClassifier;
  readonly signal?: AbortSignal;
}

/**
 * The test texts that were predicted wrong, by ID: the probability, the nearest training texts, and whether the audit
 * suspects the label.
 *
 * @throws TsloraError `bad-input` if the evaluation is not about the test part.
 */
export async function errorFacts({ parts, after, audited, classifier, signal }: ErrorSources): Promise<ErrorFacts> {
  const [train, test] = [readFrame(parts.train), readFrame(parts.test)];
  const { labels, predictions } = after;
  const fits =
    predictions.length === test.ID.length && predictions.every(({ index, yTrue }) => test.label[index] === yTrue);
  if (!fits)
    throw new TsloraError(
      "bad-input",
      `studyEvidence: after must be the evaluation of the test part's ${test.ID.length} texts; it has other texts or labels. Evaluate parts.test.`,
    );
  const wrong = predictions
    .filter(({ yTrue, yPred }) => yTrue !== yPred)
    .sort((a, b) => b.probabilities[b.yPred] - a.probabilities[a.yPred] || a.index - b.index);
  const kept = wrong.slice(0, KEPT);
  const texts = textInputs(parts.test);
  const nearest = await nearestTexts(
    kept.map(({ index }) => texts[index]),
    textInputs(parts.train),
    { classifier, signal },
  );
  const firstRow = train.ID.length + readFrame(parts.validation).ID.length;
  const doubts = audited.issues.filter(({ reason }) => DOUBTS.includes(reason));
  return {
    texts: predictions.length,
    wrong: wrong.length,
    nearestBy: classifier === undefined ? "tfidf" : "encoder",
    listed: kept.map(({ index, yTrue, yPred, probabilities }, at) => ({
      ID: test.ID[index],
      label: labels[yTrue],
      predicted: labels[yPred],
      probability: probabilities[yPred],
      nearest: nearest[at].map(({ row, similarity }) => ({
        ID: train.ID[row],
        label: labels[train.label[row]],
        similarity,
      })),
      suspected: doubts.filter(({ row }) => row === firstRow + index).map(({ reason }) => reason),
    })),
  };
}
