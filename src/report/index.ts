export { addReportSection } from "./add-report-section";
export type {
  AuditedText,
  AuditFacts,
  DataFacts,
  EnvironmentFacts,
  ErrorFacts,
  NearestText,
  PartFacts,
  SettingValue,
  SplitFacts,
  StudyEvidence,
  TrainingFacts,
  WrongText,
} from "./evidence/evidence";
export type { StudyParts } from "./evidence/data-facts";
export { studyEvidence, type StudyEvidenceOptions } from "./evidence/study-evidence";
export { experimentSection, type ExperimentSectionOptions } from "./experiment-section";
export { studyFacts, type StudyFactsOptions } from "./facts/gather-facts";
export type { GivenParameter } from "./facts/study-commands";
export type {
  CalibrationFinding,
  ChecklistItem,
  ChecklistStatus,
  CommandFacts,
  CurveFacts,
  EvaluationFacts,
  FittedCalibration,
  OtherTextFacts,
  ReliabilityFacts,
  ResultFacts,
  StudyFacts,
  SubjectFacts,
  TimeFacts,
  UnfittedCalibration,
} from "./facts/study-facts";
export type {
  ReportBlock,
  ReportCell,
  ReportCellDetail,
  ReportColumn,
  ReportCommand,
  ReportFigure,
  ReportList,
  ReportParagraph,
  ReportPoint,
  ReportSection,
  ReportSeries,
  ReportTable,
} from "./report-section";
export { readResults, writeResults, type StudyResults } from "./study-results";
export { writeReport, type WrittenReport } from "./write-report";
