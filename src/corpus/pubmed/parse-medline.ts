import type { PubmedRecord } from "./parse-pubmed-xml";

/** A field's tag, at most four letters, and its text. */
const FIELD = /^([A-Z]{1,4}) *- (.*)$/;

/**
 * Reads records in PubMed's own format (MEDLINE; "Save: PubMed" and .nbib files): tags of four columns, long fields
 * continued in indented lines. Entries without a PMID are left out.
 */
export function parseMedline(text: string): PubmedRecord[] {
  const records: Map<string, string[]>[] = [];
  let last: string[] | undefined;
  let field = -1;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const found = FIELD.exec(line);
    if (found !== null) {
      const [, tag, value] = found;
      if (tag === "PMID" || records.length === 0) records.push(new Map());
      const record = records[records.length - 1];
      last = record.get(tag) ?? [];
      record.set(tag, last);
      field = last.push(value.trim()) - 1;
    } else if (/^\s+\S/.test(line) && last !== undefined) last[field] = `${last[field]} ${line.trim()}`;
  }
  return records.flatMap((record) => {
    const one = (tag: string): string => record.get(tag)?.join("\n") ?? "";
    const pmid = one("PMID");
    if (!/^\d+$/.test(pmid)) return [];
    const retracted = record.get("PT")?.includes("Retracted Publication") === true;
    return [{ pmid, title: one("TI"), abstract: one("AB"), retracted }];
  });
}
