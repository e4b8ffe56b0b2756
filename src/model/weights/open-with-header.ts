import type { FileHandle } from "node:fs/promises";

import { isMissingFile, openRegularFile } from "../../base/files/open-regular-file";
import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";

/** An open file of weights. */
export interface WeightsFile {
  /** Its path in messages. */
  readonly shown: string;
  readonly handle: FileHandle;
  readonly size: number;
}

/** A file's header, and the state of the file that it was read from. */
export interface KnownHeader<Header> {
  readonly version: string;
  readonly header: Header;
}

/**
 * Opens a file of weights with its header. The caller closes the handle.
 *
 * @param options.read - reads and checks the header
 * @param options.known - a header from before, which is taken if the file has not changed since
 * @throws TsloraError `not-found` if there is no file, and what `read` throws.
 */
export async function openWithHeader<Header>(
  path: string,
  { read, known }: { read: (file: WeightsFile) => Promise<Header>; known: KnownHeader<Header> | undefined },
): Promise<WeightsFile & KnownHeader<Header>> {
  const shown = shownPath(path);
  const { handle, size } = await openRegularFile(path, { called: `The weights ${shown}` }).catch((error: unknown) => {
    throw isMissingFile(error)
      ? new TsloraError("not-found", `The weights ${shown} cannot be opened: there is no such file.`, { cause: error })
      : error;
  });
  const file = { shown, handle, size };
  try {
    const { dev, ino, size: bytes, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
    const version = [dev, ino, bytes, mtimeNs, ctimeNs].join();
    return { ...file, version, header: known?.version === version ? known.header : await read(file) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}
