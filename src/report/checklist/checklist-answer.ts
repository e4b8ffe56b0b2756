import type { StudyFacts } from "../facts/study-facts";

/** Facts before the checklist is filled. */
export type FactsForChecklist = Omit<StudyFacts, "checklist">;

/** A text from the run's facts, the part of the page that shows them, and facts that the authors must add. */
export interface ChecklistAnswer {
  readonly text: string;
  readonly source: { readonly id: string; readonly name: string };
  readonly authorsAdd?: string;
}

/** Answers by the items' numbers; undefined where the run did not record the facts. */
export type ChecklistAnswers = Readonly<Record<number, ChecklistAnswer | undefined>>;

/** The parts of the page that the checklist links to. */
export const SOURCES = {
  summary: { id: "summary", name: "Summary" },
  question: { id: "question", name: "Question" },
  data: { id: "data", name: "Data" },
  parts: { id: "data-parts", name: "Parts of the data" },
  left: { id: "data-source", name: "Source of the data" },
  audit: { id: "audit", name: "Audit of the data" },
  method: { id: "method", name: "Method" },
  modelTable: { id: "method-model", name: "Model and training" },
  results: { id: "results", name: "Results" },
  comparison: { id: "results-comparison", name: "Comparison" },
  calibration: { id: "calibration", name: "Calibration" },
  findings: { id: "conclusions", name: "Conclusions" },
  limits: { id: "limits", name: "Limits" },
  repeat: { id: "repeat", name: "How to repeat it" },
} as const;
