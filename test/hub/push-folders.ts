import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { forgetHosts } from "../../src/base/http";
import { pushWith, type PushedRepository } from "../../src/hub/push/push-to-hub";
import type { PushOptions } from "../../src/hub/push/push-options";
import { HubServer, type HubOptions } from "./hub-server";

/** The token of every test of pushing: it must appear nowhere but in the Hub's own requests. */
export const CANARY = "hf_canaryCANARYcanary0123456789";

/** Bytes that no other name has. */
export function content(name: string, size: number): Buffer {
  return Buffer.alloc(size, `${name} `);
}

/** An adapter's folder as `train` leaves it; its weights are not read. */
export const ADAPTER: Readonly<Record<string, Buffer>> = {
  "README.md": Buffer.from("---\nlibrary_name: peft\n---\n# Card\n"),
  "adapter_config.json": Buffer.from('{"base_model_name_or_path": "some/base"}'),
  "adapter_model.safetensors": content("weights", 300_000),
  "tokenizer.json": content("tokenizer", 5000), // large for the servers of these tests
};

/** Writes files into a new folder. */
export async function folderOf(files: Readonly<Record<string, Buffer>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-pushed-"));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  return folder;
}

/** A Hub, a folder, and a push between them. */
export interface PushTest {
  readonly hub: HubServer;
  readonly folder: string;
  /** Milliseconds that the push waited for; it does not wait in tests. */
  readonly waits: number[];
  readonly push: (options?: Partial<PushOptions>) => Promise<PushedRepository>;
}

/** Runs a test with a Hub and a folder of its own. */
export async function withPush(
  body: (test: PushTest) => Promise<void>,
  { files = ADAPTER, ...options }: Partial<HubOptions> & { readonly files?: Readonly<Record<string, Buffer>> } = {},
): Promise<void> {
  const hub = await HubServer.start({ token: CANARY, ...options });
  const folder = await folderOf(files);
  const waits: number[] = [];
  const push = (more: Partial<PushOptions> = {}): Promise<PushedRepository> =>
    pushWith(
      {
        directory: folder,
        repoId: "me/it",
        endpoint: hub.endpoint,
        token: CANARY,
        offline: false,
        idleMs: 5000,
        ...more,
      },
      { pause: async (ms) => void (await Promise.resolve(waits.push(ms))), called: "pushToHub" },
    );
  forgetHosts();
  try {
    await body({ hub, folder, waits, push });
  } finally {
    await hub.close();
    await rm(folder, { recursive: true, force: true });
  }
}
