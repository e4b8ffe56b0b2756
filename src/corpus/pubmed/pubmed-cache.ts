import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { readFileBytes, readTextFile } from "../../base/files/read-text-file";
import { TsloraError } from "../../base/tslora-error";
import { writeAtomically } from "../../base/files/write-atomically";
import { sha256Of } from "../../base/sha256-of";
import type { PubmedRecord } from "./parse-pubmed-xml";
import type { LabelledPmid } from "./read-pmids";
import { writeStudyZip } from "../files/write-study-zip";

/** Result of a fetch: the records that were found, retracted, missing or empty. */
export interface PubmedResult {
  /** The `Dataset.zip` that was written. */
  readonly path: string;
  /** Time of the fetch in ISO 8601. */
  readonly fetched: string;
  /** Number of records that were requested, and of abstracts in the archive. */
  readonly asked: number;
  readonly kept: number;
  /** PMIDs of records marked as retracted; they are in the archive unless `retracted: "leave-out"`. */
  readonly retracted: readonly string[];
  /** PMIDs that PubMed has no record of. */
  readonly vanished: readonly string[];
  /** PMIDs of records without an abstract. */
  readonly withoutAbstract: readonly string[];
  /** PMIDs that were returned but not requested; they are not in the archive. */
  readonly unasked: readonly string[];
}

interface Fetched {
  readonly cacheDir: string;
  readonly pmids: readonly LabelledPmid[];
  readonly records: ReadonlyMap<string, PubmedRecord>;
  readonly retracted: "keep" | "leave-out";
  readonly unasked: readonly string[];
}

/** The records that an archive in the cache must have. */
type Asked = Pick<Fetched, "pmids"> & Partial<Pick<Fetched, "retracted">>;

/** Writes the result of a fetch: `Dataset.zip`, and `Dataset.json` with the status of each record. */
export async function writePubmedCache({
  cacheDir,
  pmids,
  records,
  retracted,
  unasked,
}: Fetched): Promise<PubmedResult> {
  const of = (test: (record: PubmedRecord) => boolean): string[] =>
    [...records.values()]
      .filter(test)
      .map(({ pmid }) => pmid)
      .sort();
  const withoutAbstract = of(({ abstract }) => abstract === "");
  const withdrawn = of((record) => record.retracted);
  const abstracts = pmids.flatMap(({ pmid, label }) => {
    const record = records.get(pmid);
    if (record === undefined || record.abstract === "" || (record.retracted && retracted === "leave-out")) return [];
    return [{ ID: pmid, title: record.title, abstract: record.abstract, label }];
  });
  const vanished = pmids
    .map(({ pmid }) => pmid)
    .filter((pmid) => !records.has(pmid))
    .sort();
  for (const label of new Set(pmids.map((entry) => entry.label))) {
    if (!abstracts.some((abstract) => abstract.label === label)) {
      throw new TsloraError(
        "bad-input",
        `PubMed must have abstracts of label ${label}; got none: of ${pmids.length} records, ${vanished.length} are not there and ${withoutAbstract.length} have no abstract.`,
      );
    }
  }
  const result: PubmedResult = {
    path: join(cacheDir, "Dataset.zip"),
    fetched: new Date().toISOString(),
    asked: pmids.length,
    kept: abstracts.length,
    ...{ retracted: withdrawn, vanished, withoutAbstract, unasked },
  };
  await writeStudyZip(result.path, abstracts);
  // a list and the archive that belongs to it
  const marks = { list: listHash({ pmids, retracted }), sha256: sha256Of(await readFile(result.path)) };
  await writeAtomically(
    join(cacheDir, "Dataset.json"),
    `${JSON.stringify({ ...marks, ...result, path: undefined }, undefined, 2)}\n`,
  );
  return result;
}

/** Reads the result of an earlier fetch of the same records by the same rule; undefined if there is none. */
export async function readPubmedCache(cacheDir: string, asked: Asked): Promise<PubmedResult | undefined> {
  const path = join(cacheDir, "Dataset.zip");
  try {
    const value: unknown = JSON.parse(await readTextFile(join(cacheDir, "Dataset.json")));
    if (typeof value !== "object" || value === null) return undefined;
    const { list, sha256: hash, ...result } = value as { list: unknown; sha256: unknown } & Omit<PubmedResult, "path">;
    return list === listHash(asked) && hash === sha256Of(await readFileBytes(path)) ? { ...result, path } : undefined;
  } catch {
    return undefined; // missing or incomplete: fetched again
  }
}

function listHash({ pmids, retracted = "keep" }: Asked): string {
  const list = pmids.map(({ pmid, label }) => `${pmid},${label}\n`).join("");
  return sha256Of(`${list}${retracted}\n`);
}
