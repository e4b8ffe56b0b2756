import { parse } from "csv-parse/sync";

import { findColumn, ID_COLUMN, needColumn, TEXT_COLUMN } from "../../../corpus/table/choose-column";
import { parseMedline } from "../../../corpus/pubmed/parse-medline";
import { parsePubmedXml, type PubmedRecord } from "../../../corpus/pubmed/parse-pubmed-xml";

/** A text of a file. */
export interface FileText {
  readonly id: string;
  readonly text: string;
}

/** The most texts of a file. */
export const MOST_TEXTS = 5000;

/**
 * Reads the texts of a file: CSV or TSV with a column of texts, PubMed's XML, PubMed's own format (MEDLINE, .nbib), or
 * else one text a line.
 *
 * @throws Error with a sentence for a file that cannot be read.
 */
export function readRecords(name: string, content: string): FileText[] {
  const texts = readAny(name, content.replace(/^\ufeff/, "")).filter(({ text }) => text.trim() !== "");
  if (texts.length === 0) throw new Error(`${name} holds no text.`);
  if (texts.length > MOST_TEXTS)
    throw new Error(`${name} must have at most ${MOST_TEXTS} texts; it has ${texts.length}.`);
  return texts;
}

function readAny(name: string, content: string): FileText[] {
  if (/^\s*(<\?xml|<!DOCTYPE|<PubmedArticleSet)/i.test(content)) return parsePubmedXml(content).map(ofRecord);
  if (/^\s*PMID- \d/m.test(content)) return parseMedline(content).map(ofRecord);
  if (/\.(csv|tsv)$/i.test(name)) return readTable(name, content);
  return content.split(/\r\n|\n|\r/).map((text, line) => ({ id: String(line + 1), text }));
}

function ofRecord({ pmid, title, abstract }: PubmedRecord): FileText {
  return { id: pmid, text: abstract === "" ? title : `${title}\n${abstract}` };
}

function readTable(name: string, content: string): FileText[] {
  const [head = "", ...bodies] = /^[^\r\n]*/.exec(content) ?? [];
  void bodies;
  const tab = /\.tsv$/i.test(name) || (head.includes("\t") && !head.includes(","));
  const semicolon = !tab && head.includes(";") && !head.includes(",");
  const delimiter = tab ? "\t" : semicolon ? ";" : ",";
  const rows: string[][] = parse(content, {
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const [columns = [], ...cells] = rows.map((row) => row.map((cell) => cell.trim()));
  const table = { name, columns, delimiter };
  const text = columns.indexOf(needColumn(table, TEXT_COLUMN, undefined));
  const id = columns.indexOf(findColumn(table, ID_COLUMN, undefined) ?? "");
  return cells.map((row, at) => ({ id: (id < 0 ? undefined : row[id]) ?? String(at + 1), text: row[text] ?? "" }));
}
