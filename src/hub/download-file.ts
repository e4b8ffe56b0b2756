import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { httpFetch } from "../base/http";
import { TsloraError } from "../base/tslora-error";
import type { HubSettings } from "./hub-settings";

/** How far a download is. */
export interface DownloadProgress {
  readonly file: string;
  readonly bytes: number;
  readonly total: number | undefined;
}

/** What the Hub says of a file before it sends it. */
interface RemoteFile {
  /** Where the bytes are: the Hub itself, or a storage that it names. */
  readonly address: string;
  readonly commit: string;
  /** A sha256 for large files, git's hash for small ones. */
  readonly etag: string;
  readonly size: number | undefined;
}

const REDIRECTS = 5;
const ATTEMPTS = 4;

/**
 * Fetches one file into the cache: `blobs/<etag>`, and a link to it under `snapshots/<commit>`. A blob is written
 * as `.incomplete`, gone on with by a range request, compared by size and checksum, and renamed.
 *
 * @returns the commit, or undefined where the repository has no such file
 */
export async function downloadFile(what: { id: string; file: string; folder: string }, options: HubSettings & { revision: string; onProgress?: (progress: DownloadProgress) => void }): Promise<string | undefined> {
  const { id, file, folder } = what;
  const remote = await ask(`${options.endpoint}/${id}/resolve/${encodeURIComponent(options.revision)}/${file}`, options);
  if (remote === undefined) return undefined;
  const blob = join(folder, "blobs", remote.etag);
  if (!existsSync(blob)) await fetchBlob(blob, { file, remote, options });
  const link = join(folder, "snapshots", remote.commit, file);
  await mkdir(dirname(link), { recursive: true });
  await rm(link, { force: true });
  await symlink(relative(dirname(link), blob), link);
  return remote.commit;
}

/** Asks for a file's commit, checksum and place, without its bytes; follows redirects within the Hub. */
async function ask(url: string, { endpoint, token }: HubSettings): Promise<RemoteFile | undefined> {
  let address = url;
  for (let i = 0; i < REDIRECTS; i++) {
    const response = await httpFetch(address, { method: "HEAD", redirect: "manual", headers: authorization(address, { endpoint, token }) });
    await response.body?.cancel();
    const { status, headers } = response;
    if (status === 404) return undefined;
    if (status === 401 || status === 403) throw new TsloraError("not-found", `${url} answers ${status}: the model is private, gated or not there. Accept its terms on its page, and put a token that may read it into HF_TOKEN.`);
    if (status >= 400) throw new TsloraError("unreachable", `${url} answers ${status}. Try again later.`);
    const location = headers.get("location");
    const commit = headers.get("x-repo-commit");
    const etag = (headers.get("x-linked-etag") ?? headers.get("etag"))?.replace(/^W\//, "").replaceAll('"', "");
    const size = headers.get("x-linked-size") ?? (location === null ? headers.get("content-length") : null);
    if (commit !== null && etag !== undefined) {
      if (!/^[\w.-]+$/.test(commit) || !/^[\w.-]+$/.test(etag)) throw new TsloraError("bad-input", `${url} names the commit ${JSON.stringify(commit)} and the checksum ${JSON.stringify(etag)}, which cannot be names of files.`);
      return { address: location === null ? address : new URL(location, address).href, commit, etag, size: size === null ? undefined : Number(size) };
    }
    if (location === null) throw new TsloraError("bad-input", `${url} was expected to answer as the Hub does, with x-repo-commit and etag; it does not. Is HF_ENDPOINT right?`);
    address = new URL(location, address).href;
  }
  throw new TsloraError("bad-input", `${url} redirects more than ${REDIRECTS} times.`);
}

async function fetchBlob(blob: string, from: { file: string; remote: RemoteFile; options: HubSettings & { onProgress?: (progress: DownloadProgress) => void } }): Promise<void> {
  const { file, remote, options } = from;
  const incomplete = `${blob}.incomplete`;
  for (let attempt = 1; ; attempt++) {
    try {
      await receive(incomplete, from);
      break;
    } catch (error) {
      if (error instanceof TsloraError || attempt === ATTEMPTS) {
        throw error instanceof TsloraError ? error : new TsloraError("unreachable", `${file} broke off ${ATTEMPTS} times on its way from ${new URL(remote.address).host}. What came is kept; start again to go on.`, { cause: error });
      }
    }
  }
  const { size } = await stat(incomplete);
  const wrong = remote.size !== undefined && size !== remote.size ? `${size} bytes came, and ${remote.size} were announced` : await wrongChecksum(incomplete, remote.etag);
  if (wrong !== undefined) {
    await rm(incomplete);
    throw new TsloraError("bad-input", `${file} from ${new URL(remote.address).host} is not whole: ${wrong}. Start again to fetch it anew.`);
  }
  await rename(incomplete, blob);
  options.onProgress?.({ file, bytes: size, total: size });
}

/** Receives what is still missing of a file. */
async function receive(path: string, { file, remote, options }: { file: string; remote: RemoteFile; options: HubSettings & { onProgress?: (progress: DownloadProgress) => void } }): Promise<void> {
  const have = await stat(path).then(({ size }) => size, () => 0);
  if (remote.size !== undefined && have === remote.size) return;
  const headers = { ...authorization(remote.address, options), ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
  const response = await httpFetch(remote.address, { headers });
  if (!response.ok || response.body === null) throw new TsloraError("unreachable", `${file}: ${new URL(remote.address).host} answers ${response.status}.`);
  const goesOn = response.status === 206;
  let bytes = goesOn ? have : 0;
  const handle = await open(path, goesOn ? "a" : "w");
  try {
    for await (const chunk of response.body) {
      await handle.writeFile(chunk as Uint8Array); // what came is on its way to the disk before more is asked for
      bytes += (chunk as Uint8Array).length;
      options.onProgress?.({ file, bytes, total: remote.size });
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What is wrong with a file whose etag is a sha256; small files have git's hash, which the size stands for. */
async function wrongChecksum(path: string, etag: string): Promise<string | undefined> {
  if (!/^[0-9a-f]{64}$/.test(etag)) return undefined;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const digest = hash.digest("hex");
  return digest === etag ? undefined : `its sha256 is ${digest}, and ${etag} was announced`;
}

/** The token goes to the Hub and to no other host. */
function authorization(address: string, { endpoint, token }: Pick<HubSettings, "endpoint" | "token">): Record<string, string> {
  return token !== undefined && token !== "" && new URL(address).origin === new URL(endpoint).origin ? { authorization: `Bearer ${token}` } : {};
}
