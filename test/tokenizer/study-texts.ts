import { fromBuffer } from "yauzl";
import { readFile } from "node:fs/promises";

/** The abstracts of a Dataset.zip in the order of their names, as write-goldens.py reads them. */
export async function readStudyTexts(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  const files = new Map<string, string>();
  await new Promise<void>((done, failed) => {
    fromBuffer(bytes, { lazyEntries: true }, (error, zip) => {
      if (error !== null) return failed(error);
      zip
        .on("end", done)
        .on("error", failed)
        .on("entry", (entry: { fileName: string }) => {
          if (!entry.fileName.endsWith(".txt")) return zip.readEntry();
          zip.openReadStream(entry as Parameters<typeof zip.openReadStream>[0], (streamError, stream) => {
            if (streamError !== null) return failed(streamError);
            const chunks: Buffer[] = [];
            stream
              .on("data", (chunk: Buffer) => chunks.push(chunk))
              .on("end", () => {
                files.set(entry.fileName, Buffer.concat(chunks).toString("utf8"));
                zip.readEntry();
              });
          });
        });
      zip.readEntry();
    });
  });
  return [...files.keys()]
    .sort()
    .map((name) => (files.get(name) ?? "").split("Abstract:").slice(1).join("Abstract:").trim());
}
