import "../ops/node-shims";
import { DataFrame } from "danfojs-node";

import type { CorpusDocument } from "./corpus";

/**
 * A danfojs frame of documents: `texts`, `ID`, `label`. Its types are given, since danfojs would read PMIDs as numbers.
 */
export function toFrame(documents: readonly CorpusDocument[]): DataFrame {
  const columns = {
    texts: documents.map((d) => d.texts),
    ID: documents.map((d) => d.ID),
    label: documents.map((d) => d.label),
  };
  return new DataFrame(columns, { dtypes: ["string", "string", "int32"] });
}
