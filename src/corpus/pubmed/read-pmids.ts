import { Problems } from "../../base/problems";
import { DEFAULT_LIMITS } from "../corpus";
import { readBytes } from "../files/read-bytes";
import { readRows } from "../table/read-rows";

/** A PubMed record to fetch, and its class. */
export interface LabelledPmid {
  readonly pmid: string;
  /** 1 is Cancer, 0 Non-Cancer, as in the study. */
  readonly label: number;
}

/**
 * Reads a CSV file with the columns `pmid` and `label` (0 or 1), in the file's order.
 *
 * @throws TsloraError `not-found` if there is no file, `bad-input` if it is not a regular file, or with a list of all
 * invalid rows.
 */
export async function readPmids(path: string): Promise<LabelledPmid[]> {
  const { bytes } = await readBytes(path, DEFAULT_LIMITS);
  const {
    columns,
    rows,
    problems: broken,
  } = readRows(path, bytes, { format: { kind: "csv", delimiter: ",", quote: true }, limits: DEFAULT_LIMITS });
  const problems = new Problems(path);
  problems.expect(
    columns.includes("pmid") && columns.includes("label"),
    `the columns must be pmid and label; got ${columns.join(", ")}`,
  );
  problems.throwIfAny("bad-input");
  for (const { name, message } of broken) problems.expect(false, `${name}: ${message}`);
  const seen = new Set<string>();
  const pmids = rows.map(({ name, get }) => {
    const pmid = String(get("pmid")).trim();
    const label = String(get("label")).trim();
    problems.expect(/^[1-9]\d{0,8}$/.test(pmid), `${name}: pmid must be a PMID; got ${JSON.stringify(pmid)}`);
    problems.expect(label === "0" || label === "1", `${name}: label must be 0 or 1; got ${JSON.stringify(label)}`);
    problems.expect(!seen.has(pmid), `${name}: the PMID ${pmid} is already listed`);
    seen.add(pmid);
    return { pmid, label: Number(label) };
  });
  problems.expect(pmids.length > 0, "there must be at least one PMID; got none");
  problems.throwIfAny("bad-input");
  return pmids;
}
