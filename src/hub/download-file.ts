import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { debugLog } from "../base/debug-log";
import { faultText, isFaultOfDisk, notSaved } from "../base/files/file-fault";
import { makeFolder } from "../base/files/make-folder";
import { besideName } from "../base/files/write-atomically";
import { httpFetch } from "../base/http";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { unlessThere } from "./blob-lock";
import {
  askForFile,
  ATTEMPTS,
  authorization,
  checksumOf,
  SHA256,
  stopped,
  waitAfter,
  type Answer,
  type FetchOptions,
  type RemoteFile,
} from "./remote-file";
import { reporting } from "./reporting";
import { isTransient } from "./retry-pause";
import { withoutQuery } from "./without-query";

export type { DownloadProgress, FetchOptions } from "./remote-file";

const debug = debugLog("hub");

const SHA1 = /^[0-9a-f]{40}$/;

/**
 * Fetches one file into the cache: `blobs/<etag>`, and a link to it under `snapshots/<commit>`. A blob is written
 * as `.incomplete`, resumed by a range request, compared by size and checksum, and renamed. Of several processes that
 * want a blob, one fetches it, and the others wait. An error of `onProgress` stops the download and is thrown.
 *
 * @returns the commit, or undefined if the repository has no such file
 */
export async function downloadFile(
  what: { id: string; file: string; folder: string },
  options: FetchOptions & { revision: string },
): Promise<string | undefined> {
  const { report, signal, throwFailure } = reporting(options.onProgress, options.signal);
  try {
    return await fetchIntoCache(what, { ...options, onProgress: report, signal });
  } finally {
    throwFailure();
  }
}

async function fetchIntoCache(
  what: { id: string; file: string; folder: string },
  options: FetchOptions & { revision: string },
): Promise<string | undefined> {
  const { id, file, folder } = what;
  const remote = await askForFile(`${options.endpoint}/${id}/resolve/${encodeURIComponent(options.revision)}/${file}`, {
    id,
    file,
    options,
  });
  if (remote === undefined) return undefined;
  const blob = join(folder, "blobs", remote.etag);
  const { pause, signal, onProgress } = options;
  await unlessThere(blob, () => fetchBlob(blob, { file, remote, options }), {
    pause,
    signal,
    onWait: async (who) => {
      const bytes = await sizeOf(`${blob}.incomplete`);
      onProgress?.({ file, bytes, total: remote.size, waiting: `${file} is being fetched by ${who}; waiting for it.` });
    },
  }).catch((error: unknown) => {
    throw signal?.aborted === true && !(error instanceof TsloraError) ? stopped(error) : error;
  });
  await linkTo(blob, join(folder, "snapshots", remote.commit, file));
  return remote.commit;
}

/** Makes a link to a blob. A link that is there is kept, or replaced by a rename, since others may read through it. */
async function linkTo(blob: string, link: string): Promise<void> {
  const target = relative(dirname(link), blob);
  const beside = besideName(link);
  try {
    makeFolder(dirname(link));
    if ((await readlink(link).catch(() => undefined)) === target) return;
    await symlink(target, beside);
    await rename(beside, link);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw notSaved(link, error);
  }
}

/** Whether a repository has a file. Fetches nothing. */
export async function isOnHub(
  { id, file }: { id: string; file: string },
  options: FetchOptions & { revision: string },
): Promise<boolean> {
  const url = `${options.endpoint}/${id}/resolve/${encodeURIComponent(options.revision)}/${file}`;
  return (await askForFile(url, { id, file, options })) !== undefined;
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

/** Receives a file, with retries after broken connections, 429 and 5xx. */
async function receiveAll(
  path: string,
  from: { file: string; remote: RemoteFile; options: FetchOptions },
): Promise<void> {
  const { file, remote } = from;
  const { host } = new URL(remote.address);
  for (let attempt = 1; ; attempt++) {
    let busy: Answer | undefined;
    try {
      busy = await receive(path, from);
    } catch (error) {
      if (from.options.signal?.aborted === true) throw stopped(error);
      if (error instanceof TsloraError) throw error;
      if (isFaultOfDisk(error))
        throw new TsloraError(
          "not-saved",
          `${file} cannot be written to ${shownPath(dirname(path))}: ${faultText(error)}.`,
          { cause: error },
        );
      debug("attempt %d of %d for %s failed: %s", attempt, ATTEMPTS, file, error);
      if (attempt === ATTEMPTS)
        throw new TsloraError(
          "unreachable",
          `${file} broke off ${ATTEMPTS} times on its way from ${host}. The received part is kept; start again to continue.`,
          { cause: error },
        );
      continue;
    }
    if (busy === undefined) return;
    const progress = { file, bytes: await sizeOf(path), total: remote.size };
    await waitAfter(busy, { what: `${file}: ${host}`, attempt, progress, options: from.options });
  }
}

/**
 * Receives the rest of a file. Discards a response with another range or version.
 *
 * @returns an answer after which the request should be repeated later; undefined if the file was received
 */
async function receive(
  path: string,
  { file, remote, options }: { file: string; remote: RemoteFile; options: FetchOptions },
): Promise<Answer | undefined> {
  const have = await sizeOf(path);
  const { size, address } = remote;
  if (size !== undefined && have === size) return undefined;
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
    const fault = faultOf(response, { file, remote, have });
    if (fault !== undefined) {
      await response.body?.cancel(); // the connection is free again
      if (fault === "busy") return response;
      if (!(fault instanceof TsloraError)) await rm(path, { force: true }); // the next attempt requests the whole file
      throw fault;
    }
    let bytes = part ? have : 0;
    const handle = await open(path, part ? "a" : "w").catch(async (error: unknown) => {
      await response.body?.cancel();
      throw error;
    });
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
    return undefined;
  } catch (error) {
    if (error instanceof TsloraError && error.code === "bad-input") await rm(path, { force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The error for an answer without the requested bytes; `busy` if the same request may succeed later. */
function faultOf(
  { status, ok, headers, body }: Answer & { readonly ok: boolean; readonly body: unknown },
  { file, remote, have }: { file: string; remote: RemoteFile; have: number },
): Error | "busy" | undefined {
  if (isTransient(status)) return "busy";
  const { host } = new URL(remote.address);
  const now = checksumOf(headers);
  if (headers.get("x-repo-commit") !== null && now !== undefined && now !== remote.etag)
    return new TsloraError("bad-input", `${file} changed on ${host} while it was fetched. Fetch it again.`);
  const otherRange = status === 206 && !goesOn(headers.get("content-range"), { have, size: remote.size });
  if (status === 416 || otherRange) return new Error(`${file}: the answer to a range was not that range`);
  if (ok && body !== null) return undefined;
  return new TsloraError("unreachable", `${file}: ${host} answers ${status}.`, { details: { status } });
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
