import { INPUTS_OPTION, REDIS_OPTION, STORE_OPTION, WORKERS_OPTION } from "../options/driver-options";
import { GENERAL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const workerCommand: LibraryCommand = {
  name: "worker",
  description: "Run jobs of a Redis queue on this machine",
  groups: [
    { title: "Jobs", options: { ...REDIS_OPTION, ...STORE_OPTION, ...INPUTS_OPTION, ...WORKERS_OPTION } },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "worker --redis redis://queue.example:6379 --store /shared/jobs",
      does: "takes jobs of predict and sweep that use this Redis and this store, until Ctrl-C",
    },
    {
      command: "worker --store /shared/jobs --inputs /shared/pubmed",
      does: "the Redis of TSLORA_REDIS; jobs may read files in /shared/pubmed too",
    },
  ],
  notes:
    "The store is a folder that all machines share, whose path may differ, or s3://bucket/prefix, for which AWS_ENDPOINT_URL, AWS_REGION and the credentials of AWS's tools count. Jobs read files in the store and in the folders of --inputs, and nothing else. Give a URL with a password as TSLORA_REDIS: other users see arguments in the list of processes. SIGTERM and SIGINT stop the jobs at their checkpoints and give them back to the queue.",
  run: async (call) => (await import("./run-worker.js")).runWorker(call),
};
