import { INPUTS_OPTION } from "../options/driver-options";
import { GENERAL_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const jobCommand: LibraryCommand = {
  name: "job",
  description: "Run one job of a store, as a SLURM array does",
  arguments: [
    { pattern: "<action>", help: "run" },
    { pattern: "<store>", help: "the folder of the jobs, or s3://bucket/prefix" },
    { pattern: "<name>", help: "the job's name" },
  ],
  groups: [
    { title: "Job", options: INPUTS_OPTION },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "job run /shared/jobs shard-00012",
      does: "runs the job, or says that it is done; resumes from checkpoints",
    },
  ],
  notes:
    "The job reads files in the store and in the folders of --inputs, and nothing else. SIGTERM and SIGINT stop it at a checkpoint, with exit code 130.",
  run: async (call) => (await import("./run-job-command.js")).runJobCommand(call),
};
