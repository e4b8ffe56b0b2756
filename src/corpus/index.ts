export { cleanText, cleanTexts, MISSING_ABSTRACT } from "./clean-text";
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
export { fetchPubmed, type PubmedEvent } from "./fetch-pubmed";
export { findLeaks, type Leaks } from "./find-leaks";
export { kFold, stratifiedKFold, type StratifiedKFoldOptions } from "./kfold";
export { kFoldIndices, stratifiedKFoldIndices, type KFoldOptions } from "./kfold-indices";
export { loadCorpus } from "./load-corpus";
export type { LoadCorpusOptions } from "./load-options";
export type { PubmedResult } from "./pubmed-cache";
export type { FetchPubmedOptions } from "./pubmed-options";
export { oneAgainstRest, type BinaryData, type OneAgainstRestOptions } from "./one-against-rest";
export { readFrame, type CorpusColumns } from "./read-frame";
export { readPmids, type LabelledPmid } from "./read-pmids";
export type { TableOptions } from "./read-table";
export type { StudyStep } from "./study-remarks";
export { splitIndices, type SplitIndices, type SplitOptions } from "./split-indices";
export { subsampleLabel, type SubsampleOptions } from "./subsample-label";
export { toFrame } from "./to-frame";
export { trainTestSplit } from "./train-test-split";
export { writeStudyZip } from "./write-study-zip";
