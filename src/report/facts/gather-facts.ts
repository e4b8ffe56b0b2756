import type { TrainingMethod } from "../../classifier/training-method";
import { compareEvaluations } from "../../evaluation/comparison/compare-evaluations";
import { concludeComparison } from "../../evaluation/comparison/conclusions";
import { publishedStudy } from "../../evaluation/comparison/published-study";
import type { Evaluation } from "../../evaluation/evaluation";
import { countsOf, precisionAtPrevalence } from "../../evaluation/shift/precision-at-prevalence";
import { fillChecklist } from "../checklist/fill-checklist";
import type { StudyEvidence } from "../evidence/evidence";
import { withoutFolder, withoutFolders } from "../evidence/without-folder";
import type { ReportSection } from "../report-section";
import type { StudyResults } from "../study-results";
import { calibrationFacts } from "./calibration-facts";
import { curveFacts, evaluationFacts } from "./evaluation-facts";
import { reportLimits } from "./report-limits";
import { studyCommands, type GivenParameter } from "./study-commands";
import type { OtherTextFacts, ResultFacts, StudyFacts, SubjectFacts, TimeFacts } from "./study-facts";

/** Options of {@link studyFacts}: facts that are not in the results. */
export interface StudyFactsOptions {
  /** The time of the facts. @default now */
  readonly written?: Date;
  /** The parameters that the run was given, for the command that repeats it. @default all that the results record */
  readonly parameters?: readonly GivenParameter[];
  /** Seconds that each notebook took. @default unknown */
  readonly notebooks?: TimeFacts["notebooks"];
  /** Evaluations on texts of other sources, by name. @default none */
  readonly otherTexts?: readonly { readonly name: string; readonly evaluation: Evaluation }[];
  /** Further sections, after those of the results. @default none */
  readonly sections?: readonly ReportSection[];
}

/**
 * Gathers the facts of a report from the results of a run: comparison with tests, calibration, limits, commands, and
 * the TRIPOD+AI checklist. Facts that the run did not record are missing.
 *
 * @param results - from `readResults`
 * @throws TsloraError `bad-input` if the evaluations are not about the same texts and labels.
 */
export function studyFacts(results: StudyResults, options: StudyFactsOptions = {}): StudyFacts {
  const evidence: Partial<StudyEvidence> = results.evidence ?? {};
  const sections = [...(results.sections ?? []), ...(options.sections ?? [])];
  const subject = subjectOf(results);
  const found = resultsOf(results);
  const { findings, limits } = concludeComparison(found.comparison, { about: subject.about });
  const { data, audit, training, errors, settings, environment } = evidence;
  const known = {
    subject,
    ...(data === undefined ? {} : { data }),
    ...(audit === undefined ? {} : { audit }),
    ...(training === undefined ? {} : { training }),
    results: found,
    calibration: calibrationFacts(results),
    ...(errors === undefined ? {} : { errors }),
    otherTexts: otherTextsOf(results, options),
  };
  const facts: Omit<StudyFacts, "checklist"> = {
    kind: "tslora-study",
    version: 1,
    written: (options.written ?? new Date()).toISOString(),
    title: titleOf(subject),
    question: questionOf(subject, found),
    ...known,
    findings,
    limits: reportLimits(known, limits),
    ...(settings === undefined ? {} : { settings }),
    ...(environment === undefined ? {} : { environment }),
    time: {
      training: results.elapsed,
      prediction: results.after.elapsedSeconds,
      ...(options.notebooks === undefined ? {} : { notebooks: options.notebooks }),
    },
    commands: studyCommands({
      ...subject,
      ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
      ...(settings === undefined ? {} : { settings }),
    }),
    ...(sections.length === 0 ? {} : { sections }),
  };
  return { ...facts, checklist: fillChecklist(facts) };
}

/** Data whose name the results lack, by the kind of their source. */
const SOURCES: ReadonlyMap<string, string> = new Map([
  ["sample", "the embedded sample"],
  ["pubmed", "abstracts from PubMed"],
  ["csv", "a CSV file"],
  ["jsonl", "a JSON Lines file"],
  ["json", "a JSON file"],
  ["zip", "a ZIP archive"],
  ["folder", "a folder of texts"],
]);

function subjectOf(results: StudyResults): SubjectFacts {
  const { model, method, seed, labels, before, data, dataName, notices, banner } = results;
  const { about = data === "sample" ? "sample" : "data" } = results;
  const source = about === "sample" ? "sample" : sourceOf(results);
  return {
    madeBy: results.training === undefined ? "study" : "train",
    model: withoutFolder(model),
    method,
    seed,
    labels: labels ?? before.labels,
    dataName: withoutFolder(dataName ?? SOURCES.get(data) ?? data),
    about,
    ...(source === undefined ? {} : { source }),
    notices: notices.map(withoutFolders),
    ...(banner === undefined ? {} : { banner }),
  };
}

/** The data's name for commands, if the results record it. */
function sourceOf({ data, evidence }: StudyResults): string | undefined {
  if (data === "pubmed") return data;
  const { data: facts }: Partial<StudyEvidence> = evidence ?? {};
  return facts?.source.file === undefined ? undefined : withoutFolder(facts.source.file);
}

function resultsOf({ before, baseline, after, validation, about }: StudyResults): ResultFacts {
  const curves = curveFacts({
    "Before training": before,
    "TF-IDF, logistic regression": baseline,
    "After training": after,
  });
  const { source, confusionMatrix } = publishedStudy;
  return {
    before: evaluationFacts(before),
    baseline: evaluationFacts(baseline),
    after: evaluationFacts(after),
    validation: evaluationFacts(validation),
    comparison: compareEvaluations(before, after, { baseline, published: about === "study" }),
    ...(curves === undefined ? {} : { curves }),
    ...(about === "study" ? { published: { source, ...confusionMatrix } } : {}),
  };
}

function otherTextsOf({ after }: StudyResults, { otherTexts }: StudyFactsOptions): OtherTextFacts {
  const both = after.labels.length === 2 && after.perLabel.every(({ support }) => support > 0);
  return {
    ...(both ? { prevalence: precisionAtPrevalence(countsOf(after)) } : {}),
    ...(otherTexts === undefined
      ? {}
      : { evaluations: otherTexts.map(({ name, evaluation }) => ({ name, evaluation: evaluationFacts(evaluation) })) }),
  };
}

/** The method as a phrase. */
export function methodPhrase(method: TrainingMethod): string {
  return { lora: "a LoRA adapter", head: "the head alone", full: "all weights" }[method];
}

function titleOf({ model, method, labels, dataName }: SubjectFacts): string {
  return `Development and evaluation of a text classifier for ${listed(labels)}: ${model} with ${methodPhrase(method)} trained on ${dataName}`;
}

function questionOf({ model, method, labels, dataName }: SubjectFacts, { after }: ResultFacts): string {
  return `Does training ${methodPhrase(method)} of ${model} on ${dataName} improve the prediction of the labels ${listed(labels)}, compared with the same model before training and with TF-IDF and logistic regression, on ${after.n} test texts?`;
}

/** Lists names: `A, B and C`; only the first ten of many labels. */
function listed(names: readonly string[]): string {
  const shown = names.length > 10 ? [...names.slice(0, 10), `${names.length - 10} more`] : names;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}
