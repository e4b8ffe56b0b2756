/** A worker of small jobs as a process of its own, as `tslora worker` is; prints `ready`. */
import { QueueWorker } from "../../src/jobs/drivers/bullmq/queue-worker";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { SMALL_CODE } from "./small-job";

/** Times of the tests' queues. */
export const FAST = { lock: 1000, stalled: 400, poll: 300 } as const;

async function main(): Promise<void> {
  const store = await FolderStore.open(process.argv[2]);
  const worker = await QueueWorker.start({
    ...{ redis: process.env.TSLORA_REDIS ?? "", store, workers: 1, code: SMALL_CODE, times: FAST },
    onEvent: (event) => console.log(JSON.stringify(event)),
    onNotice: (text) => console.log(text),
  });
  console.log("ready");
  process.once("SIGTERM", () => void worker.close());
}

if (require.main === module) void main();
