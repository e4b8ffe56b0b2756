import { ZipFile } from "yazl";

/** A file of an archive made for a test. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  readonly compress?: boolean;
  readonly mode?: number;
}

/** An archive of the entries, in their order. */
export async function makeZip(entries: readonly ZipEntry[]): Promise<Buffer> {
  const zip = new ZipFile();
  for (const { name, content, compress = true, mode = 0o100644 } of entries) {
    if (name.endsWith("/")) zip.addEmptyDirectory(name);
    else zip.addBuffer(Buffer.from(content), name, { compress, mode });
  }
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/**
 * The archive with every occurrence of some bytes replaced by as many others; yazl itself refuses names that leave the
 * folder.
 */
export function replaceBytes(zip: Buffer, from: string, to: string): Buffer {
  if (from.length !== to.length) throw new Error("both must have the same length");
  return Buffer.from(zip.toString("latin1").replaceAll(from, to), "latin1");
}

/** A text in the study's format. */
export function studyText(ID: string, abstract = `What was found of ${ID}.`): string {
  return `<ID:${ID}>\nTitle: On ${ID}.\nAbstract: ${abstract}`;
}

/** The path in the archive and the text of an abstract. */
export function cancer(ID: string, content: string | Buffer = studyText(ID)): ZipEntry {
  return { name: `Dataset/Cancer/${ID}.txt`, content };
}

export function other(ID: string, content: string | Buffer = studyText(ID)): ZipEntry {
  return { name: `Dataset/Non-Cancer/${ID}.txt`, content };
}
