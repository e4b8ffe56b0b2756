import { shownPath } from "../../base/shown-path";
import { decodeBytes } from "../table/byte-decoder";
import { formatStudyText } from "../text/study-text";
import { openBytes } from "./open-bytes";
import { findPmid, parseDeletions, parsePubmedRecord } from "./parse-pubmed-record";
import { PubmedFrames, type PubmedFrame } from "./pubmed-frames";
import type { RecordItem, RecordProblem } from "./text-record";
import type { SupersededRecord } from "./update-series";

/** Options of {@link readPubmedFile}. */
export interface PubmedFileOptions {
  /** The file's records that are not current, of {@link UpdateSeries}. @default none */
  readonly superseded?: readonly SupersededRecord[];
}

/**
 * Reads a baseline or update file of PubMed as a stream: articles and books with title and abstract, and deletions. A
 * record that is not well-formed, or has no abstract, is a problem with its PMID.
 *
 * @throws TsloraError `bad-input` if the file is not PubMed's, is cut off or cannot be unpacked, after the records
 *   before.
 */
export async function* readPubmedFile(
  path: string,
  { superseded = [] }: PubmedFileOptions = {},
): AsyncGenerator<RecordItem, void, void> {
  const frames = new PubmedFrames(shownPath(path));
  const left = new Map<string, number>();
  for (const { pmid, version, count } of superseded)
    left.set(`${pmid} ${version}`, (left.get(`${pmid} ${version}`) ?? 0) + count);
  let before = "the file's start";
  const read = function* (some: Iterable<PubmedFrame>): Generator<RecordItem, void, void> {
    for (const frame of some) {
      const found = frame.kind === "article" || frame.kind === "book" ? findPmid(frame.bytes) : undefined;
      const key = found === undefined ? "" : `${found.pmid} ${found.version}`;
      const times = left.get(key) ?? 0;
      if (found !== undefined && times > 0) {
        left.set(key, times - 1);
        yield { kind: "superseded", ...found };
      } else yield* itemsOf(frame, before);
      if (found !== undefined) before = `PMID ${found.pmid}`;
    }
  };
  for await (const bytes of openBytes(path)) yield* read(frames.push(bytes));
  yield* read(frames.end());
}

function* itemsOf(frame: PubmedFrame, before: string): Generator<RecordItem, void, void> {
  const pmid = findPmid(frame.bytes)?.pmid;
  const place = pmid === undefined ? `the record behind ${before}` : `PMID ${pmid}`;
  const problem = (kind: RecordProblem["kind"], message: string): RecordItem => ({
    kind: "problem",
    problem: { kind, place, message },
  });
  if (frame.kind === "fragment") yield problem("corrupt", frame.message);
  else if (frame.kind === "deletions") {
    for (const deleted of parseDeletions(frame.bytes)) yield { kind: "deletion", ...deleted };
  } else {
    const xml = decodeBytes(frame.bytes);
    if (xml === undefined) yield problem("corrupt", "its bytes must be UTF-8; they are not");
    else yield articleItem(xml, problem);
  }
}

function articleItem(xml: string, problem: (kind: RecordProblem["kind"], message: string) => RecordItem): RecordItem {
  try {
    const { pmid, version, title, abstract } = parsePubmedRecord(xml);
    if (abstract === "") return problem("no-text", "it has no abstract");
    return { kind: "record", record: { id: pmid, version, text: formatStudyText({ ID: pmid, title, abstract }) } };
  } catch (error) {
    return problem("corrupt", `it must be well-formed XML: ${error instanceof Error ? error.message : String(error)}`);
  }
}
