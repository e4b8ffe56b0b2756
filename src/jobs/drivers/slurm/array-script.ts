import { shellWord } from "../../../base/shell-word";

/** The commands of an array's script. */
export interface ArrayScript {
  /** The array's name in SLURM's queue. */
  readonly name: string;
  /** The folder of the script, the list of names and the logs. */
  readonly folder: string;
  /** Number of jobs. */
  readonly count: number;
  /** The command of a job, to which its name is added. */
  readonly command: readonly string[];
  /** Further arguments, after the name. */
  readonly after: readonly string[];
}

/** The list of an array's jobs, a name on each line. */
export const LIST = "jobs.txt";

/** The script of a SLURM array: task N runs the job on line N of the list. */
export function arrayScript({ name, folder, count, command, after }: ArrayScript): string {
  const call = [...command.map(shellWord), '"$name"', ...after.map(shellWord)].join(" ");
  return [
    "#!/bin/bash",
    `#SBATCH --job-name=${name}`,
    `#SBATCH --array=1-${count}`,
    `#SBATCH --output="${folder.replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}/%a.log"`, // it may have blanks
    "# SIGTERM before the time limit: the job stops at a checkpoint, and the next array continues it",
    "#SBATCH --signal=B:TERM@60",
    `name=$(sed -n "\${SLURM_ARRAY_TASK_ID}p" ${shellWord(`${folder}/${LIST}`)})`,
    `exec ${call}`,
    "",
  ].join("\n");
}
