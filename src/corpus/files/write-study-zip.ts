import { ZipFile } from "yazl";

import { writeAtomically } from "../../base/files/write-atomically";
import { STUDY_CLASSES } from "./read-study-files";
import { formatStudyText, type StudyAbstract } from "../text/study-text";

/**
 * Writes abstracts as a `Dataset.zip` in the study's format: sorted, Cancer first. The same abstracts give the same
 * bytes on every machine, so they are stored, not deflated (zlib's output differs between its builds).
 */
export async function writeStudyZip(
  path: string,
  abstracts: readonly (StudyAbstract & { readonly label: number })[],
): Promise<void> {
  const zip = new ZipFile();
  const options = { mtime: new Date(2000, 0, 1), mode: 0o100644, compress: false, forceDosTimestamp: true };
  for (const [folder, label] of Object.entries(STUDY_CLASSES)) {
    const own = abstracts.filter((abstract) => abstract.label === label).sort((a, b) => (a.ID < b.ID ? -1 : 1));
    for (const abstract of own)
      zip.addBuffer(Buffer.from(formatStudyText(abstract)), `Dataset/${folder}/${abstract.ID}.txt`, options);
  }
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  await writeAtomically(path, parts);
}
