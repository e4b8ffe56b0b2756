import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { open, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { debugLog } from "../base/debug-log";
import { makeFolder } from "../base/files/make-folder";
import { httpFetch } from "../base/http";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import {
  askForFile,
  authorization,
  checksumOf,
  SHA256,
  stopped,
  type FetchOptions,
  type RemoteFile,
} from "./remote-file";
import { withoutQuery } from "./without-query";

export type { DownloadProgress, FetchOptions } from "./remote-file";

const debug = debugLog("hub");

const ATTEMPTS = 4;
const SHA1 = /^[0-9a-f]{40}$/;

/**
 * Fetches one file into the cache: `blobs/<etag>`, and a link to it under `snapshots/<commit>`. A blob is written
 * as `.incomplete`, resumed by a range request, compared by size and checksum, and renamed.
 *
 * @returns the commit, or undefined if the repository has no such file
 */
export async function downloadFile(
  what: { id: string; file: string; folder: string },
  options: FetchOptions & { revision: string },
): Promise<string | undefined> {
  const { id, file, folder } = what;
  const remote = await askForFile(`${options.endpoint}/${id}/resolve/${encodeURIComponent(options.revision)}/${file}`, {
    id,
    options,
  });
  if (remote === undefined) return undefined;
  const blob = join(folder, "blobs", remote.etag);
  if (!existsSync(blob)) await fetchBlob(blob, { file, remote, options });
  const link = join(folder, "snapshots", remote.commit, file);
  makeFolder(dirname(link));
  await rm(link, { force: true });
  await symlink(relative(dirname(link), blob), link);
  return remote.commit;
}

/** Whether a repository has a file. Fetches nothing. */
export async function isOnHub(
  { id, file }: { id: string; file: string },
  options: FetchOptions & { revision: string },
): Promise<boolean> {
  const url = `${options.endpoint}/${id}/resolve/${encodeURIComponent(options.revision)}/${file}`;
  return (await askForFile(url, { id, options })) !== undefined;
}

async function fetchBlob(
  blob: string,
  from: { file: string; remote: RemoteFile; options: FetchOptions },
): Promise<void> {
  const { file, remote, options } = from;
  const { host } = new URL(remote.address);
  const incomplete = `${blob}.incomplete`;
  for (let mayStartOver = true; ; mayStartOver = false) {
    const leftOver = await sizeOf(incomplete);
    if (remote.size !== undefined && leftOver > remote.size) await rm(incomplete); // another version, or damaged
    await receiveAll(incomplete, from);
    const size = await sizeOf(incomplete);
    const wrong =
      remote.size !== undefined && size !== remote.size
        ? `it has ${size} bytes instead of ${remote.size}`
        : await wrongChecksum(incomplete, remote.etag);
    if (wrong === undefined) break;
    await rm(incomplete);
    if (leftOver > 0 && mayStartOver) continue; // bytes of an earlier run may be damaged
    throw new TsloraError("bad-input", `${file} from ${host} is damaged or incomplete: ${wrong}. Fetch it again.`);
  }
  const size = await sizeOf(incomplete);
  await rename(incomplete, blob);
  options.onProgress?.({ file, bytes: size, total: size });
}

/** Receives a file, with retries. */
async function receiveAll(
  path: string,
  from: { file: string; remote: RemoteFile; options: FetchOptions },
): Promise<void> {
  const { file, remote } = from;
  const { host } = new URL(remote.address);
  for (let attempt = 1; ; attempt++) {
    try {
      return await receive(path, from);
    } catch (error) {
      if (from.options.signal?.aborted === true) throw stopped(error);
      if (error instanceof TsloraError) throw error;
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (/^(ENOSPC|EDQUOT|EACCES|EROFS|EIO)$/.test(code))
        throw new TsloraError("not-saved", `${file} cannot be written to ${shownPath(dirname(path))}: ${code}.`, {
          cause: error,
        });
      debug("attempt %d of %d for %s failed: %s", attempt, ATTEMPTS, file, error);
      if (attempt === ATTEMPTS)
        throw new TsloraError(
          "unreachable",
          `${file} broke off ${ATTEMPTS} times on its way from ${host}. The received part is kept; start again to continue.`,
          { cause: error },
        );
    }
  }
}

/** Receives the rest of a file. Discards a response with another range or version. */
async function receive(
  path: string,
  { file, remote, options }: { file: string; remote: RemoteFile; options: FetchOptions },
): Promise<void> {
  const have = await sizeOf(path);
  const { size, address } = remote;
  if (size !== undefined && have === size) return;
  const idle = new AbortController();
  const timer = setTimeout(() => idle.abort(new Error("no byte came")), options.idleMs);
  try {
    const headers = {
      ...authorization(address, options),
      "accept-encoding": "identity",
      ...(have > 0 ? { range: `bytes=${have}-` } : {}),
    };
    const stops = options.signal === undefined ? [] : [options.signal];
    const response = await httpFetch(address, { headers, signal: AbortSignal.any([idle.signal, ...stops]) });
    const part = response.status === 206;
    debug("GET %s from byte %d of %s: %d", withoutQuery(address), have, size ?? "an unknown size", response.status);
    const now = checksumOf(response.headers);
    if (response.headers.has("x-repo-commit") && now !== undefined && now !== remote.etag)
      throw new TsloraError(
        "bad-input",
        `${file} changed on ${new URL(address).host} while it was fetched. Fetch it again.`,
      );
    if (response.status === 416 || (part && !goesOn(response.headers.get("content-range"), { have, size }))) {
      await response.body?.cancel();
      await rm(path, { force: true });
      throw new Error(`${file}: the answer to a range was not that range`); // the next attempt requests the whole file
    }
    if (!response.ok || response.body === null)
      throw new TsloraError("unreachable", `${file}: ${new URL(address).host} answers ${response.status}.`);
    let bytes = part ? have : 0;
    const handle = await open(path, part ? "a" : "w");
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        bytes += chunk.length;
        if (size !== undefined && bytes > size) throw tooLong(file, { address, size });
        await handle.writeFile(chunk); // writes each chunk before the next is read
        options.onProgress?.({ file, bytes, total: size });
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (size !== undefined && bytes < size) throw new Error(`${file} ended after ${bytes} of ${size} bytes`);
  } catch (error) {
    if (error instanceof TsloraError && error.code === "bad-input") await rm(path, { force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(file: string, { address, size }: { address: string; size: number }): TsloraError {
  return new TsloraError(
    "bad-input",
    `${file} from ${new URL(address).host} is longer than the announced ${size} bytes. Fetch it again.`,
  );
}

/**
 * Whether a Content-Range is the requested one: from the first missing byte to the end of a file of the known size.
 */
function goesOn(range: string | null, { have, size }: { have: number; size: number | undefined }): boolean {
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range ?? "") ?? [];
  if (have === 0 || first === undefined || Number(first) !== have || Number(last) < have) return false;
  return total === "*" || size === undefined || (Number(total) === size && Number(last) < size);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/**
 * Compares a file with its etag: a sha256 for large files, git's hash for small ones, or a plain sha1 on some mirrors.
 * An etag in another format cannot be checked.
 *
 * @returns the difference in words; undefined if there is none
 */
async function wrongChecksum(path: string, etag: string): Promise<string | undefined> {
  if (SHA256.test(etag)) {
    const digest = await digestOf(path, createHash("sha256"));
    return digest === etag ? undefined : `its sha256 is ${digest}, and ${etag} was announced`;
  }
  if (!SHA1.test(etag)) return undefined;
  const blob = await digestOf(path, createHash("sha1").update(`blob ${await sizeOf(path)}\0`));
  if (blob === etag || (await digestOf(path, createHash("sha1"))) === etag) return undefined;
  return `its git hash is ${blob}, and ${etag} was announced`;
}

async function digestOf(path: string, hash: Hash): Promise<string> {
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
