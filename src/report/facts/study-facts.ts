import type { TrainingMethod } from "../../classifier/training-method";
import type { DataAbout } from "../../corpus/describe-data";
import type { CalibrationReport } from "../../evaluation/calibration/calibration-report";
import type { Comparison } from "../../evaluation/comparison/compare-evaluations";
import type { Evaluation } from "../../evaluation/evaluation";
import type { PrevalenceCurve } from "../../evaluation/shift/precision-at-prevalence";
import type { ReportSection } from "../report-section";
import type {
  AuditFacts,
  DataFacts,
  EnvironmentFacts,
  ErrorFacts,
  SettingValue,
  TrainingFacts,
} from "../evidence/evidence";

/**
 * The facts of a report, as in `study.json`. The page shows only them. Facts that the run did not record are missing.
 */
export interface StudyFacts {
  /** The file of this document's JSON schema. */
  readonly $schema?: string;
  /** The kind of this document, and the version of its format. */
  readonly kind: "tslora-study";
  readonly version: 1;
  /** The time at which the facts were gathered, in ISO 8601. */
  readonly written: string;
  readonly title: string;
  readonly question: string;
  readonly subject: SubjectFacts;
  readonly data?: DataFacts;
  readonly audit?: AuditFacts;
  readonly training?: TrainingFacts;
  readonly results: ResultFacts;
  readonly calibration: CalibrationFinding;
  readonly errors?: ErrorFacts;
  readonly otherTexts: OtherTextFacts;
  /** Conclusions that the figures allow, in sentences. */
  readonly findings: readonly string[];
  /** Limits of the conclusions, in sentences. */
  readonly limits: readonly string[];
  /** The run's parameters by name. */
  readonly settings?: Readonly<Record<string, SettingValue>>;
  readonly environment?: EnvironmentFacts;
  readonly time: TimeFacts;
  /** Commands that repeat or continue the run. */
  readonly commands: readonly CommandFacts[];
  /** Further sections that other code added. */
  readonly sections?: readonly ReportSection[];
  /** The items of the TRIPOD+AI checklist. */
  readonly checklist: readonly ChecklistItem[];
}

/** The subject of the study: model, method, labels and data. */
export interface SubjectFacts {
  /** The command that made the results: `tslora study` with the notebooks, or `tslora train`. */
  readonly madeBy: "study" | "train";
  /** The model's name on the Hub, or its folder's name. */
  readonly model: string;
  readonly method: TrainingMethod;
  readonly seed: number;
  /** Names of the labels in order. */
  readonly labels: readonly string[];
  /** The data's name, and whether they are the published study's, the embedded sample or the user's own. */
  readonly dataName: string;
  readonly about: DataAbout;
  /** The data's name for commands: `sample`, `pubmed`, or a file's name; missing where the results do not record it. */
  readonly source?: string;
  /** Sentences about the choice of the model and of the data. */
  readonly notices: readonly string[];
  /** A caution about results on these data. */
  readonly banner?: string;
}

/** An evaluation without the predictions of single texts. */
export type EvaluationFacts = Omit<Evaluation, "predictions">;

/** The evaluations on the test texts, and on the validation texts that chose the weights. */
export interface ResultFacts {
  readonly before: EvaluationFacts;
  readonly baseline: EvaluationFacts;
  readonly after: EvaluationFacts;
  readonly validation: EvaluationFacts;
  /** Every metric before and after, with intervals and tests; with the published figures for the study's own data. */
  readonly comparison: Comparison;
  /** ROC and precision-recall curves of two labels; missing for more, and where a label has no text. */
  readonly curves?: readonly CurveFacts[];
  /** The published study's confusion matrices and source, for its own data. */
  readonly published?: {
    readonly source: string;
    readonly before: readonly (readonly number[])[];
    readonly after: readonly (readonly number[])[];
  };
}

/** Curves of the second of two labels; at most 400 points each. */
export interface CurveFacts {
  readonly name: string;
  readonly roc: { readonly fpr: readonly number[]; readonly tpr: readonly number[] };
  readonly precisionRecall: { readonly precision: readonly number[]; readonly recall: readonly number[] };
}

/** Whether a temperature could be fitted on the validation texts. */
export type CalibrationFinding = FittedCalibration | UnfittedCalibration;

/** Calibration on the test texts, before and after a temperature that was fitted on the validation texts. */
export interface FittedCalibration {
  readonly kind: "temperature";
  readonly temperature: number;
  /** Number of validation texts. */
  readonly fittedOn: number;
  readonly before: CalibrationReport;
  readonly after: CalibrationReport;
  readonly curves: readonly ReliabilityFacts[];
}

/** Calibration on the test texts, and the reason why no temperature was fitted. */
export interface UnfittedCalibration {
  readonly kind: "unfitted";
  readonly reason: string;
  readonly before: CalibrationReport;
  readonly curves: readonly ReliabilityFacts[];
}

/**
 * A reliability curve with ten bins: of the second of two labels, else of the predicted label.
 */
export interface ReliabilityFacts {
  readonly name: string;
  readonly probPred: readonly number[];
  readonly probTrue: readonly number[];
  readonly counts: readonly number[];
  /** The expected calibration error. */
  readonly error: number;
}

/** Expectations for texts other than the test texts. */
export interface OtherTextFacts {
  /** Precision at other shares of positive texts; for two labels that both have test texts. */
  readonly prevalence?: PrevalenceCurve;
  /** Evaluations on texts of other sources. */
  readonly evaluations?: readonly { readonly name: string; readonly evaluation: EvaluationFacts }[];
}

/** Times of the run in seconds. */
export interface TimeFacts {
  readonly training: number;
  /** Predicting the test texts after training. */
  readonly prediction: number;
  /** The notebooks from start to end. @default unknown */
  readonly notebooks?: readonly { readonly name: string; readonly seconds: number }[];
}

/** A command, with a sentence about its effect. */
export interface CommandFacts {
  readonly does: string;
  readonly command: string;
}

/** An item of the TRIPOD+AI checklist (Collins et al., BMJ 2024;385:e078378). */
export interface ChecklistItem {
  /** 1 to 27. */
  readonly number: number;
  readonly section: string;
  readonly topic: string;
  /** The item's question, in short. */
  readonly asks: string;
  readonly status: ChecklistStatus;
}

/** Whether the run fills an item. */
export type ChecklistStatus =
  | {
      readonly kind: "from-run";
      readonly text: string;
      /** The id of the page's element that shows it, and its name. */
      readonly source: { readonly id: string; readonly name: string };
      /** Facts that the run cannot know and that the authors must add. */
      readonly authorsAdd?: string;
    }
  | { readonly kind: "authors" };
