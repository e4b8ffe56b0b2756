export { cleanText, cleanTexts, MISSING_ABSTRACT } from "./text/clean-text";
export type {
  ClassCount,
  Corpus,
  CorpusDocument,
  CorpusFormat,
  CorpusLimits,
  CorpusProblem,
  CorpusProblemKind,
  CorpusReport,
  CorpusSource,
} from "./corpus";
export { describeCorpus, type CorpusDescription } from "./describe-corpus";
export { describeData, expectAllLabels, numberLabels, type DataAbout, type DataDescription } from "./describe-data";
export { fetchPubmed, type PubmedEvent } from "./pubmed/fetch-pubmed";
export { findLeaks, type Leaks } from "./split/find-leaks";
export { kFold, stratifiedKFold, type StratifiedKFoldOptions } from "./split/kfold";
export type { KFoldOptions } from "./split/folding";
export { groupKFoldIndices } from "./split/group-kfold-indices";
export { groupShuffleSplitIndices, type GroupShuffleSplitOptions } from "./split/group-shuffle-split-indices";
export {
  groupKFold,
  groupShuffleSplit,
  repeatedStratifiedKFold,
  stratifiedGroupKFold,
  type ClassesOfFrame,
  type GroupsOfFrame,
} from "./split/group-splits";
export {
  kFoldIndices,
  repeatedStratifiedKFoldIndices,
  stratifiedKFoldIndices,
  type RepeatedKFoldOptions,
} from "./split/kfold-indices";
export { stratifiedGroupKFoldIndices, type StratifiedGroupKFoldOptions } from "./split/stratified-group-kfold-indices";
export { loadCorpus } from "./load-corpus";
export type { LoadCorpusOptions } from "./load-options";
export type { PubmedResult } from "./pubmed/pubmed-cache";
export type { FetchPubmedOptions } from "./pubmed/pubmed-options";
export { oneAgainstRest, type BinaryData, type OneAgainstRestOptions } from "./text/one-against-rest";
export { multiLabelSplitIndices, type MultiLabelSplitOptions } from "./split/multi-label-split";
export { readFrame, textInputs, type CorpusColumns, type TextColumns } from "./read-frame";
export { readPmids, type LabelledPmid } from "./pubmed/read-pmids";
export { readRecords, type ReadRecordsOptions, type RecordKind } from "./records/read-records";
export type { RecordItem, RecordProblem, TextRecord } from "./records/text-record";
export { UpdateSeries, type SupersededRecord } from "./records/update-series";
export type { TableOptions } from "./table/read-table";
export type { StudyStep } from "./text/study-remarks";
export { splitIndices, type SplitIndices, type SplitOptions } from "./split/split-indices";
export { subsampleLabel, type SubsampleOptions } from "./split/subsample-label";
export { toFrame, toMultiLabelFrame, type MultiLabelDocument } from "./to-frame";
export { trainTestSplit } from "./split/train-test-split";
export { writeStudyZip } from "./files/write-study-zip";
