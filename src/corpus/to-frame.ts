import type { DataFrame } from "danfojs-node";

import type { CorpusDocument } from "./corpus";
import { loadDanfojs } from "./load-danfojs";
import { GROUP } from "./read-frame";

/**
 * A danfojs frame of documents: `texts`, `ID`, `label`, and `text_pair` if the documents are pairs of texts, `group`
 * if they have groups. Its types are set explicitly: danfojs would read PMIDs as numbers.
 */
export function toFrame(documents: readonly CorpusDocument[]): DataFrame {
  return frameOf(documents, [{ name: "label", values: documents.map((d) => d.label) }]);
}

/** A document and, for each label, whether it has it: 0 or 1. */
export interface MultiLabelDocument extends Omit<CorpusDocument, "label"> {
  readonly label: readonly number[];
}

/** The same for documents with any number of labels: each label has a column of its name. */
export function toMultiLabelFrame(documents: readonly MultiLabelDocument[], labels: readonly string[]): DataFrame {
  return frameOf(
    documents,
    labels.map((name, label) => ({ name, values: documents.map((d) => d.label[label]) })),
  );
}

interface LabelColumn {
  readonly name: string;
  readonly values: readonly number[];
}

/** Makes a frame from rows: an object of columns would put a label such as `10` before the texts. */
function frameOf(documents: readonly Omit<CorpusDocument, "label">[], labels: readonly LabelColumn[]): DataFrame {
  const pairs = documents.some((d) => d.text_pair !== undefined);
  const groups = documents.some((d) => d.group !== undefined);
  const strings = ["texts", ...(pairs ? ["text_pair"] : []), "ID", ...(groups ? [GROUP] : [])];
  const rows = documents.map((d, i) => [
    d.texts,
    ...(pairs ? [d.text_pair] : []),
    d.ID,
    ...(groups ? [d.group] : []),
    ...labels.map(({ values }) => values[i]),
  ]);
  const { DataFrame } = loadDanfojs();
  return new DataFrame(rows, {
    columns: [...strings, ...labels.map(({ name }) => name)],
    dtypes: [...strings.map(() => "string"), ...labels.map(() => "int32")],
  });
}
