import { compareCodePoints } from "../../base/compare-code-points";
import { shownNames } from "../../base/shown-value";
import { foundFolders, namedFolders, type ClassFolders } from "./class-folders";
import type { CorpusProblem, NamedDocument, Reading } from "../corpus";
import { decodeUtf8 } from "./decode-utf8";
import { readStudyFile, readStudyFiles, STUDY_CLASSES } from "./read-study-files";
import type { StudyFile, StudyFiles } from "./read-zip";

/**
 * Makes documents from the files of an archive or folder; each file's folder is its class.
 *
 * The study's folders, `Cancer` and `Non-Cancer`, are read in the study's format. Otherwise the folders in `labels` are
 * the classes, or all folders, numbered from 0 in sorted order. Their texts are whole files, with their paths as names;
 * if a file begins with `<ID:`, all files must be in the study's format.
 *
 * @param where - the archive or folder, for messages
 * @throws TsloraError `bad-input` if it is unclear which folders are the classes.
 */
export function readClassFiles(where: string, files: StudyFiles, labels?: Readonly<Record<string, number>>): Reading {
  const names = files.files.map(({ name }) => name);
  const study = names.length === 0 || names.some((name) => Object.hasOwn(STUDY_CLASSES, name.split("/").at(-2) ?? ""));
  if (labels === undefined && study) return readStudyFiles(files, STUDY_CLASSES);
  const folders = labels === undefined ? foundFolders(where, names) : namedFolders(names, labels);
  return readPlaced(files, folders, labels === undefined);
}

function readPlaced(
  { files, problems, ignored }: StudyFiles,
  { classes, folderOf, below }: ClassFolders,
  numbered: boolean,
): Reading {
  const order = Object.keys(classes).sort((a, b) => (numbered ? classes[a] - classes[b] : 0));
  const place = new Map(order.map((name, i) => [name, i]));
  const placed = files.map((file) => ({ file, folder: folderOf(file.name) }));
  const at = (folder: string | undefined): number => (folder === undefined ? -1 : (place.get(folder) ?? -1));
  placed.sort((a, b) => at(a.folder) - at(b.folder) || compareCodePoints(a.file.name, b.file.name));
  const study = files.some(({ bytes }) => startsWithId(bytes));
  const documents: NamedDocument[] = [];
  const found: CorpusProblem[] = [...problems];
  for (const { file, folder } of placed) {
    const document =
      folder === undefined
        ? unplaced(file, order)
        : study
          ? readStudyFile(file, classes[folder])
          : readPlain(file, below(file.name), classes[folder]);
    if ("kind" in document) found.push(document);
    else documents.push(document);
  }
  const remarks = numbered ? [`Labels were numbered in the sorted order of the folders: ${listed(order)}.`] : [];
  return { format: study ? "study" : "plain", documents, problems: found, ignored, classes, remarks };
}

function startsWithId(bytes: Uint8Array): boolean {
  return /^(?:\ufeff)?\s*<ID:/.test(Buffer.from(bytes.subarray(0, 64)).toString("utf8"));
}

function readPlain({ name, bytes }: StudyFile, path: string, label: number): NamedDocument | CorpusProblem {
  const texts = decodeUtf8(bytes);
  if (texts === undefined) return { kind: "not-utf8", name, message: "its bytes are not UTF-8" };
  if (texts.includes("\u0000")) return { kind: "malformed", name, message: "holds NUL characters, as no text does" };
  if (texts.trim() === "") return { kind: "empty-text", name, message: "the file is empty" };
  return { name, texts, ID: path.slice(0, -".txt".length), label };
}

function unplaced({ name }: StudyFile, folders: readonly string[]): CorpusProblem {
  return { kind: "unknown-class", name, message: `it must be in a class folder: ${shownNames(folders)}` };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name, label) => `${name} is ${label}`);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
