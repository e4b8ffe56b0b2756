import { join } from "node:path";

import { returnValueOf } from "../../base/return-value";
import { shownPath } from "../../base/shown-path";
import { buildCorpus } from "../build-corpus";
import type { Corpus } from "../corpus";
import { fetchPubmed } from "./fetch-pubmed";
import type { LoadSettings } from "../load-options";
import { readPubmedCache, type PubmedResult } from "./pubmed-cache";
import { readBytes } from "../files/read-bytes";
import { readPmids } from "./read-pmids";
import { readStudyFiles, STUDY_CLASSES } from "../files/read-study-files";
import { readZip } from "../files/read-zip";

/** Loads the records that `pmids.csv` lists, from the cache of an earlier fetch, else from PubMed. */
export async function loadPubmed(settings: LoadSettings, why: string): Promise<Corpus> {
  const { dataDir, cacheDir, signal, onProgress } = settings;
  const pmids = await readPmids(join(dataDir, "pmids.csv"));
  let result = await readPubmedCache(cacheDir, { pmids, retracted: settings.pubmed?.retracted });
  if (result === undefined) {
    const fetching = fetchPubmed({ ...settings.pubmed, pmids, cacheDir, signal });
    result = await returnValueOf(fetching, (event) => onProgress?.(event));
  }
  const { path, fetched } = result;
  const { bytes, sha256 } = await readBytes(path, settings.limits);
  const reading = readStudyFiles(await readZip(path, bytes, settings.limits), STUDY_CLASSES);
  const source = { kind: "pubmed", path, fetched, sha256 } as const;
  return buildCorpus(
    source,
    `PubMed (fetched ${fetched.slice(0, 10)}, kept in ${shownPath(path)})`,
    { ...reading, remarks: fetchRemarks(result) },
    { ...settings, why },
  );
}

function fetchRemarks({ asked, kept, retracted, vanished, withoutAbstract }: PubmedResult): string[] {
  const remarks: string[] = [];
  if (kept < asked)
    remarks.push(`Of ${asked} requested records, ${kept} were usable: the split differs from the study's.`);
  if (vanished.length > 0) remarks.push(`PubMed no longer has ${vanished.join(", ")}.`);
  if (withoutAbstract.length > 0) remarks.push(`There is no abstract for ${withoutAbstract.join(", ")}.`);
  if (retracted.length > 0) remarks.push(`Retracted since: ${retracted.join(", ")}.`);
  return remarks;
}
