import type { CorpusProblem, CorpusProblemKind, NamedDocument, Reading } from "../corpus";
import { decodeUtf8 } from "./decode-utf8";
import type { StudyFile, StudyFiles } from "./read-zip";
import { parseStudyText } from "../text/study-text";

/** The study's class folders and their labels, in the order of its frame. */
export const STUDY_CLASSES: Readonly<Record<string, number>> = { Cancer: 1, "Non-Cancer": 0 };

/**
 * Makes documents from the files of an archive or folder; each file's folder is its class.
 *
 * The order is the study's, for any order in the archive: by class in the order of `classes`, then sorted by path.
 * Paths are compared by code units, as Python's `sorted` does; the study's PMIDs all have eight digits, so sorting them
 * as numbers gives the same order.
 */
export function readStudyFiles(
  { files, problems, ignored }: StudyFiles,
  classes: Readonly<Record<string, number>>,
): Reading {
  const documents: NamedDocument[] = [];
  const found: CorpusProblem[] = [...problems];
  const folders = Object.keys(classes);
  const placed = files.map((file) => ({ file, place: folders.indexOf(folderOf(file.name)) }));
  placed.sort((a, b) => a.place - b.place || (a.file.name < b.file.name ? -1 : a.file.name > b.file.name ? 1 : 0));
  for (const { file, place } of placed) {
    const document = place < 0 ? unplaced(file, folders) : readStudyFile(file, classes[folders[place]]);
    if ("kind" in document) found.push(document);
    else documents.push(document);
  }
  return { format: "study", documents, problems: found, ignored, classes, remarks: [] };
}

/** Makes a document from a file in the study's format, or returns its problem. */
export function readStudyFile({ name, bytes }: StudyFile, label: number): NamedDocument | CorpusProblem {
  const problem = (kind: CorpusProblemKind, message: string): CorpusProblem => ({ kind, name, message });
  const texts = decodeUtf8(bytes);
  if (texts === undefined) return problem("not-utf8", "its bytes are not UTF-8");
  const parsed = parseStudyText(texts);
  if (parsed.kind === "problem") return problem(parsed.problem, parsed.message);
  const stem = name.slice(name.lastIndexOf("/") + 1, -".txt".length);
  if (stem !== parsed.ID) return problem("id-mismatch", `its ID line says ${parsed.ID}`);
  return { name, texts, ID: parsed.ID, label };
}

function unplaced({ name }: StudyFile, folders: readonly string[]): CorpusProblem {
  return { kind: "unknown-class", name, message: `it must be in a class folder: ${folders.join(" or ")}` };
}

function folderOf(name: string): string {
  return name.split("/").at(-2) ?? "";
}
