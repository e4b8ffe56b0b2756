import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { lstat, mkdtemp, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";

import { forgetHosts } from "../../src/base/http";
import { projectRoot } from "../../src/base/project-root";
import { downloadModel } from "../../src/hub/download-model";
import type { DownloadOptions } from "../../src/hub/download-repository";
import type { DownloadProgress } from "../../src/hub/remote-file";
import { fakeHub, type FakeHub, type Faults } from "./fake-hub";

const MODULE = JSON.stringify(require.resolve("../../src/hub/download-model"));
const weights = Buffer.alloc(300_000, "weights and weights");
const files = {
  "config.json": readFileSync(join(projectRoot(), "test", "fixtures", "tiny-distilbert", "config.json")),
  "model.safetensors": weights,
  "vocab.txt": Buffer.from("[PAD]\n[UNK]\n"),
};

interface CacheTest {
  readonly hub: FakeHub;
  readonly options: DownloadOptions;
  /** The events of waits for the weights. */
  readonly waits: DownloadProgress[];
  /** Lets the storage answer its first request. */
  readonly release: () => void;
  /** Resolves when the storage has its first request. */
  readonly arrived: Promise<void>;
}

/** Runs a test with a cache, and a Hub whose storage holds its first answer back until it is released. */
async function withCache(body: (test: CacheTest) => Promise<void>, onWait: (test: CacheTest) => void): Promise<void> {
  let release = (): void => undefined;
  const released = new Promise<void>((done) => (release = () => done()));
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((done) => (arrive = () => done()));
  const held: Faults["storage"] = ({ bytes, response, attempt }) => {
    arrive();
    if (attempt > 1) release();
    else void released.then(() => response.destroyed || response.writeHead(200).end(bytes));
    return attempt === 1;
  };
  const hub = await fakeHub(files, { storage: held });
  const cacheDir = await mkdtemp(join(tmpdir(), "tslora-shared-"));
  const waits: DownloadProgress[] = [];
  const options: DownloadOptions = {
    endpoint: hub.endpoint,
    token: undefined,
    cacheDir,
    offline: false,
    offlineFrom: "the option offline",
    idleMs: 60_000,
    revision: "main",
    pause: () => new Promise((done) => setImmediate(done)),
    onProgress: (progress) => {
      if (progress.waiting === undefined || progress.file !== "model.safetensors") return;
      waits.push(progress);
      onWait(all);
    },
  };
  const all: CacheTest = { hub, options, waits, release, arrived };
  forgetHosts();
  try {
    await body(all);
  } finally {
    await hub.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
}

/** Expects whole files, and neither parts nor locks beside them. */
async function expectWhole(directory: string, { cacheDir }: DownloadOptions): Promise<void> {
  assert.ok((await readFile(join(directory, "model.safetensors"))).equals(weights));
  const names = readdirSync(join(cacheDir, "models--some--model", "blobs"));
  assert.equal(names.length, 3, names.join());
  assert.deepEqual(readdirSync(directory).sort(), Object.keys(files).sort());
}

const fetches = ({ requests }: FakeHub): number =>
  requests.filter((request) => request.startsWith("STORAGE GET")).length;

test("two calls that want a model at once fetch it once, and one says that it waits", () =>
  withCache(
    async ({ hub, options, waits }) => {
      const found = await Promise.all([downloadModel("some/model", options), downloadModel("some/model", options)]);
      assert.equal(found[0], found[1]);
      await expectWhole(found[0], options);
      assert.equal(fetches(hub), 1);
      assert.deepEqual(
        waits.map(({ waiting }) => waiting),
        ["model.safetensors is being fetched by another download; waiting for it."],
      );
    },
    ({ release }) => release(),
  ));

for (const killed of [false, true])
  test(`a process waits for another one that fetches the file, ${killed ? "and takes over if it is killed" : "and uses the file"}`, () => {
    let stop = (): void => undefined;
    return withCache(
      async ({ hub, options, waits, arrived, release }) => {
        const source = `require(${MODULE}).downloadModel("some/model", ${JSON.stringify(options)})`;
        const child = spawn(process.execPath, ["-e", source], { stdio: ["ignore", "ignore", "inherit"] });
        const ended = once(child, "exit");
        stop = killed ? () => void child.kill("SIGKILL") : release;
        await arrived;
        await expectWhole(await downloadModel("some/model", options), options);
        assert.deepEqual(await ended, killed ? [null, "SIGKILL"] : [0, null]);
        assert.equal(fetches(hub), killed ? 2 : 1);
        assert.equal(waits.length, 1);
        assert.match(waits[0].waiting ?? "", new RegExp(`is being fetched by process ${child.pid} on `));
      },
      () => stop(),
    );
  });

test("right links and refs stay as they are, so that readers find the file; other ones are replaced", () =>
  withCache(
    async ({ options, release }) => {
      release();
      const directory = await downloadModel("some/model", options);
      const link = join(directory, "model.safetensors");
      const ref = join(options.cacheDir, "models--some--model", "refs", "main");
      const states = (): Promise<bigint[][]> =>
        Promise.all(
          [link, ref].map(async (path) => {
            const { ino, ctimeNs } = await lstat(path, { bigint: true });
            return [ino, ctimeNs];
          }),
        );
      const before = await states();
      await downloadModel("some/model", options);
      assert.deepEqual(await states(), before);
      await writeFile(ref, "f".repeat(40));
      await downloadModel("some/model", options);
      assert.equal(await readFile(ref, "utf8"), basename(directory));
      await unlink(link);
      await symlink("nothing", link);
      await expectWhole(await downloadModel("some/model", options), options);
    },
    () => assert.fail("nothing waits"),
  ));
