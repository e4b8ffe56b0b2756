import { decodeBytes } from "../../../corpus/table/byte-decoder";
import { openBytes } from "../../../corpus/records/open-bytes";
import { findPmid, parseDeletions } from "../../../corpus/records/parse-pubmed-record";
import { PubmedFrames } from "../../../corpus/records/pubmed-frames";
import type { UpdateSeries } from "../../../corpus/records/update-series";
import type { InputFile } from "./input-files";

/**
 * Adds the records and deletions of a PubMed file to its series, without parsing them.
 *
 * @returns the number of records; undefined if the file is not whole: its shard will fail, and what is before the fault
 *   counts
 */
export async function addToSeries(
  { path }: InputFile,
  { series, file }: { readonly series: UpdateSeries; readonly file: number },
): Promise<number | undefined> {
  const frames = new PubmedFrames(path);
  let records = 0;
  const add = (some: ReturnType<PubmedFrames["push"]>): void => {
    for (const { kind, bytes } of some)
      if (kind === "deletions") for (const deleted of parseDeletions(decodeBytes(bytes) ?? "")) series.delete(deleted);
      else {
        records++;
        const found = kind === "fragment" ? undefined : findPmid(bytes);
        if (found !== undefined) series.add(file, found);
      }
  };
  try {
    for await (const bytes of openBytes(path)) add(frames.push(bytes));
    add(frames.end());
    return records;
  } catch {
    return undefined;
  }
}
