import { Problems } from "../../base/problems";
import { QueueWorker } from "../../jobs/drivers/bullmq/queue-worker";
import { redisUrl } from "../../jobs/drivers/bullmq/redis-url";
import { workersOfEnvironment } from "../../jobs/open-driver";
import { openStore } from "../../jobs/store/open-store";
import { EXIT } from "../exit-codes";
import { eventLine } from "../job/event-line";
import type { CommandCall } from "../library-command";
import { INPUTS_OPTION, REDIS_OPTION, STORE_OPTION, WORKERS_OPTION } from "../options/driver-options";
import { pick } from "../options/option-table";
import { hearInterruption } from "../run/interruption";
import { writeNotice } from "../terminal/write-notice";

/** `tslora worker`. Events go to standard output, notices to standard error. */
export async function runWorker({ terminal, values }: CommandCall): Promise<number> {
  const given = pick(values, { ...REDIS_OPTION, ...STORE_OPTION, ...INPUTS_OPTION, ...WORKERS_OPTION });
  const redis = given.redis ?? process.env.TSLORA_REDIS ?? "";
  const problems = new Problems("tslora worker");
  problems.expect(redis !== "", "--redis or the variable TSLORA_REDIS is needed: the queue of the jobs");
  problems.expect(
    given.store !== undefined,
    "--store is needed: the folder or S3-compatible storage that the machines share",
  );
  problems.throwIfAny();
  const notice = (text: string): void => writeNotice(terminal, text);
  const store = await openStore(given.store ?? "");
  const json = values.json === true;
  const worker = await QueueWorker.start({
    ...{ redis, store, workers: given.workers ?? workersOfEnvironment(), inputFolders: given.inputs },
    onNotice: notice,
    onEvent: (event) => {
      const line = json ? JSON.stringify(event) : eventLine(event);
      if (line !== undefined) terminal.out.write(`${line}\n`);
    },
  });
  const shown = redisUrl(redis)?.shown;
  terminal.out.write(
    json
      ? `${JSON.stringify({ type: "ready", redis: shown, store: store.place, workers: worker.capacity })}\n`
      : `Takes jobs of ${store.place} from ${shown}, up to ${worker.capacity} at a time\n`,
  );
  const { signal, release } = hearInterruption(terminal, { effect: "jobs stop at their checkpoints", show: notice });
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await worker.close();
  release();
  return EXIT.ok;
}
