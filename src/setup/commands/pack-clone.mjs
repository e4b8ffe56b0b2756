// @ts-check
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
} from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { once } from "node:events";
import { createGzip } from "node:zlib";

import { readOptions, UsageError } from "../tools/read-options.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";
import { formatBytes } from "../tools/show-progress.mjs";

/** Parts of `.tslora` that a machine without a network needs. The other parts are for tests and Lab. */
export const PARTS = ["done", "kernels", "models", "package", "tensorflow", "runtime"];
/** The project's files, from the clone's root, each ended by NUL. A pack holds it, so that it can be packed again. */
const FILES = join(".tslora", "runtime", "files");

export const PACK_HELP = `npm run pack:clone -- FOLDER [--piece MEGABYTES]
  --piece N      the largest piece, in megabytes (default 1900)
Packs the clone as it is set up, with this Node, for a machine without a
network: the files that git tracks, the packages, and what set-up made. FOLDER
is new or empty, and outside the clone.`;

const UNPACK = `#!/bin/sh
# sh unpack.sh FOLDER: checks every piece, and unpacks tslora into a folder that is new or empty.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=\${1:?usage: sh unpack.sh FOLDER}
if [ -d "$target" ] && [ -n "$(ls -A "$target")" ]; then echo "$target is not empty" >&2; exit 2; fi
cd "$here"
if command -v sha256sum >/dev/null; then sha256sum -c SHA256SUMS; else shasum -a 256 -c SHA256SUMS; fi
cd - >/dev/null
mkdir -p "$target"
cat "$here"/tslora.tar.gz.* | tar -xzf - -C "$target"
target=$(cd "$target" && pwd)
echo "Unpacked. It needs no network and no Node of its own: $target/.tslora/runtime/tslora doctor"
`;
const START = `#!/bin/sh
# tslora's command line by the Node that was packed with it: tslora doctor, tslora study, tslora train ...
here=$(cd "$(dirname "$0")" && pwd)
PATH=$here/bin:$PATH exec "$here/bin/node" "$here/../../src/setup/tslora.mjs" "$@"
`;

/**
 * Packs the clone with its set-up and this Node, for a machine without a network: pieces of a limited size, their
 * checksums, and a script that needs only sh, tar and sha256sum.
 *
 * @param {readonly string[]} parameters  a folder, and `--piece MB`
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function packClone(parameters, { root }) {
  const { folder, piece } = readPackOptions(parameters, { root });
  const { files, changed } = projectFiles(root);
  mkdirSync(folder, { recursive: true });
  copyRuntime(root);
  writeFileSync(join(root, FILES), files.map((file) => `${file}\0`).join(""));
  if (changed.length > 0)
    console.error(
      `Changed files are packed as they are: ${changed.slice(0, 10).join(", ")}${changed.length > 10 ? ` and ${changed.length - 10} more` : ""}. Notebooks hold the outputs of their last run.`,
    );
  console.error("Packing; this takes some minutes ...");
  const parts = PARTS.map((part) => `.tslora/${part}`).filter((part) => existsSync(join(root, part)));
  const tar = spawn("tar", ["-cf", "-", "-C", root, "node_modules", ...parts, "--null", "-T", join(root, FILES)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(tar, "close");
  const sums = await writePieces(tar.stdout.pipe(createGzip({ level: 1 })), { folder, piece });
  const [code] = await ended;
  if (code !== 0) throw new SetUpError(`tar ended with ${code}: ${folder} is not complete.`);
  writeFileSync(join(folder, "SHA256SUMS"), sums.map(({ name, hash }) => `${hash}  ${name}\n`).join(""));
  writeFileSync(join(folder, "unpack.sh"), UNPACK, { mode: 0o755 });
  const bytes = sums.reduce((sum, each) => sum + each.bytes, 0);
  console.error(
    `Packed for ${process.platform}-${process.arch}: ${sums.length} piece${sums.length === 1 ? "" : "s"}, ${formatBytes(bytes)}, in ${folder}. On the other machine: sh unpack.sh FOLDER. It contains no file that git does not track: no data and no results of runs.`,
  );
  return 0;
}

/**
 * Reads the target folder and the size of a piece.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @throws {UsageError} if they are invalid, or the folder is not empty or inside the clone
 */
export function readPackOptions(parameters, { root }) {
  const { values, positionals } = readOptions(parameters, {
    help: PACK_HELP,
    allowPositionals: true,
    options: { piece: { type: "string", default: "1900" } },
  });
  const megabytes = Number(values.piece);
  if (positionals.length !== 1 || !(megabytes >= 1))
    throw new UsageError(
      `npm run pack:clone takes one folder, and --piece as a number of megabytes from 1; got ${parameters.join(" ").slice(0, 120) || "neither"}.\n${PACK_HELP}`,
    );
  const folder = resolve(positionals[0] ?? "");
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0))
    throw new UsageError(`${folder} must be a folder that is new or empty. Choose another.`);
  expectOutside(folder, root);
  return { folder, piece: Math.round(megabytes * 1e6) };
}

/**
 * Refuses a folder inside the clone, where a pack would hold its own pieces.
 *
 * @param {string} folder
 * @param {string} root
 */
function expectOutside(folder, root) {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const place = join(realpathSync(existing), relative(existing, folder));
  const within = relative(realpathSync(root), place);
  if (within === "" || (!within.startsWith(`..${sep}`) && within !== ".." && !isAbsolute(within)))
    throw new UsageError(`${folder} must be outside the clone, ${root}. Choose another.`);
}

/**
 * The project's files: those that git tracks, or those of the pack from which the clone was unpacked. A user's data and
 * runs are none of them.
 *
 * @param {string} root
 * @returns {{ files: string[], changed: string[] }} from the root; changed ones differ from the last commit
 * @throws {SetUpError} if neither git nor a pack lists them
 */
export function projectFiles(root) {
  /** @param {string[]} arguments_ */
  const git = (...arguments_) =>
    spawnSync("git", ["-C", root, ...arguments_], { encoding: "utf8", maxBuffer: 2 ** 28, env: withoutGit() });
  const names = (/** @type {string} */ text) =>
    text.split("\0").filter((name) => name !== "" && existsSync(join(root, name)));
  if (existsSync(join(root, ".git"))) {
    const tracked = git("ls-files", "-z");
    if (tracked.status !== 0)
      throw new SetUpError(
        `git must list the clone's files; it ended with ${tracked.status ?? tracked.error?.message}: ${(tracked.stderr ?? "").trim().slice(0, 300)}`,
      );
    return { files: names(tracked.stdout), changed: names(git("diff", "--name-only", "-z", "HEAD").stdout ?? "") };
  }
  if (!existsSync(join(root, FILES)))
    throw new SetUpError(
      `${root} must be a git clone or an unpacked pack: neither tells which files are the project's.`,
    );
  return { files: names(readFileSync(join(root, FILES), "utf8")), changed: [] };
}

/** The environment without the variables by which git would take another repository. */
function withoutGit() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_")));
}

/** Copies this Node, and a script that starts tslora with it. @param {string} root */
function copyRuntime(root) {
  const runtime = join(root, ".tslora", "runtime");
  rmSync(runtime, { recursive: true, force: true });
  mkdirSync(join(runtime, "bin"), { recursive: true });
  copyFileSync(process.execPath, join(runtime, "bin", "node"));
  chmodSync(join(runtime, "bin", "node"), 0o755);
  writeFileSync(join(runtime, "tslora"), START, { mode: 0o755 });
}

/**
 * @param {AsyncIterable<Buffer>} stream
 * @param {{ folder: string, piece: number }} options
 */
async function writePieces(stream, { folder, piece }) {
  /** @type {{ name: string, hash: string, bytes: number }[]} */
  const done = [];
  /**
   * @type {{ name: string, file: import("node:fs").WriteStream, hash: import("node:crypto").Hash, bytes: number } |
   * undefined}
   */
  let open;
  const close = async () => {
    if (open === undefined) return;
    open.file.end();
    await once(open.file, "close");
    done.push({ name: open.name, hash: open.hash.digest("hex"), bytes: open.bytes });
    open = undefined;
  };
  for await (let chunk of stream) {
    while (chunk.length > 0) {
      if (open === undefined) {
        const name = `tslora.tar.gz.${String(done.length).padStart(3, "0")}`;
        open = { name, file: createWriteStream(join(folder, name)), hash: createHash("sha256"), bytes: 0 };
      }
      const now = chunk.subarray(0, piece - open.bytes);
      chunk = chunk.subarray(now.length);
      open.hash.update(now);
      open.bytes += now.length;
      if (!open.file.write(now)) await once(open.file, "drain");
      if (open.bytes === piece) await close();
    }
  }
  await close();
  return done;
}
