import type { DataFrame } from "danfojs-node";

import type { CorpusDocument } from "./corpus";
import { loadDanfojs } from "./load-danfojs";

/**
 * A danfojs frame of documents: `texts`, `ID`, `label`, and `text_pair` if the documents are pairs of texts, `group`
 * if they have groups. Its types are set explicitly: danfojs would read PMIDs as numbers.
 */
export function toFrame(documents: readonly CorpusDocument[]): DataFrame {
  return frameOf(documents, { label: documents.map((d) => d.label) });
}

/** A document and, for each label, whether it has it: 0 or 1. */
export interface MultiLabelDocument extends Omit<CorpusDocument, "label"> {
  readonly label: readonly number[];
}

/** The same for documents with any number of labels: each label has a column of its name. */
export function toMultiLabelFrame(documents: readonly MultiLabelDocument[], labels: readonly string[]): DataFrame {
  return frameOf(
    documents,
    Object.fromEntries(labels.map((name, label) => [name, documents.map((d) => d.label[label])])),
  );
}

function frameOf(
  documents: readonly Omit<CorpusDocument, "label">[],
  labels: Readonly<Record<string, readonly number[]>>,
): DataFrame {
  const pairs = documents.some((d) => d.text_pair !== undefined);
  const groups = documents.some((d) => d.group !== undefined);
  const columns = {
    texts: documents.map((d) => d.texts),
    ...(pairs ? { text_pair: documents.map((d) => d.text_pair) } : {}),
    ID: documents.map((d) => d.ID),
    ...(groups ? { group: documents.map((d) => d.group) } : {}),
    ...labels,
  };
  const strings = ["string", "string", ...(pairs ? ["string"] : []), ...(groups ? ["string"] : [])];
  const counts = Object.keys(labels).map(() => "int32");
  const { DataFrame } = loadDanfojs();
  return new DataFrame(columns, { dtypes: [...strings, ...counts] });
}
