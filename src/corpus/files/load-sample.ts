import { join } from "node:path";

import { shownPath } from "../../base/shown-path";
import { buildCorpus } from "../build-corpus";
import type { Corpus, CorpusLimits, CorpusProblem, NamedDocument, Reading } from "../corpus";
import type { LoadSettings } from "../load-options";
import { readBytes } from "./read-bytes";
import { readRows } from "../table/read-rows";
import { STUDY_CLASSES } from "./read-study-files";
import { formatStudyText, parseStudyText } from "../text/study-text";

/** The banner above every result on the sample. */
export const SAMPLE_BANNER =
  "These are sample texts, written for this project: results on them say nothing about cancer, nor about the study.";

/**
 * Loads the embedded sample, JSON Lines with `ID`, `label` (0 or 1), `title`, `abstract`, in the study's format and
 * order.
 */
export async function loadSample(settings: LoadSettings, why: string): Promise<Corpus> {
  const path = join(settings.dataDir, "sample.jsonl");
  const { bytes, sha256 } = await readBytes(path, settings.limits);
  const corpus = buildCorpus(
    { kind: "sample", path, sha256 },
    `the embedded sample (${shownPath(path)})`,
    readSample(path, bytes, settings.limits),
    { ...settings, why },
  );
  return { ...corpus, banner: SAMPLE_BANNER };
}

function readSample(path: string, bytes: Uint8Array, limits: CorpusLimits): Reading {
  const { rows, problems } = readRows(path, bytes, { format: { kind: "jsonl", delimiter: "", quote: false }, limits });
  const found: CorpusProblem[] = [...problems];
  const documents: NamedDocument[] = [];
  for (const { name, get } of rows) {
    const [ID, label, title, abstract] = ["ID", "label", "title", "abstract"].map(get);
    if (
      typeof ID !== "string" ||
      typeof title !== "string" ||
      typeof abstract !== "string" ||
      (label !== 0 && label !== 1)
    ) {
      found.push({
        kind: "malformed",
        name,
        message: "ID, title and abstract must be strings and the label 0 or 1",
      });
      continue;
    }
    const texts = formatStudyText({ ID, title, abstract });
    const parsed = parseStudyText(texts);
    if (parsed.kind === "problem") found.push({ kind: parsed.problem, name, message: parsed.message });
    else documents.push({ name, texts, ID, label });
  }
  documents.sort((a, b) => Number(b.label) - Number(a.label) || (a.ID < b.ID ? -1 : 1));
  return { format: "study", documents, problems: found, ignored: [], classes: STUDY_CLASSES, remarks: [] };
}
