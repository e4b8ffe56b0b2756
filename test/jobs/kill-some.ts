import type { JobEvent } from "../../src/jobs/drivers/job-driver";

/** Kills of processes at random moments. */
export interface Kills {
  /** Kills so far. */
  readonly count: number;
  end(): void;
}

/**
 * Kills processes with SIGKILL, one after another, at random moments.
 *
 * @param most - number of kills
 * @param pids - the processes that run now
 * @param pause - the mean time between two kills in milliseconds
 */
export function killSome(most: number, pids: () => readonly number[], pause = 60): Kills {
  let count = 0;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    timer = setTimeout(
      () => {
        const running = pids();
        const pid = running[Math.floor(Math.random() * running.length)];
        if (pid !== undefined) {
          try {
            process.kill(pid, "SIGKILL");
            count++;
          } catch {
            // it has ended
          }
        }
        if (count < most) next();
      },
      2 * pause * Math.random(),
    );
  };
  next();
  return {
    get count() {
      return count;
    },
    end: () => clearTimeout(timer),
  };
}

/**
 * Kills workers with SIGKILL at random moments of their jobs: a share of the jobs that start lose their worker within
 * some milliseconds. Unlike {@link killSome} it does not depend on the machine's speed.
 */
export class StartKills {
  count = 0;
  readonly #most: number;
  readonly #share: number;

  constructor(most: number, share: number) {
    this.#most = most;
    this.#share = share;
  }

  /** Takes an event of a driver. */
  readonly take = (event: JobEvent): void => {
    if (event.type !== "started" || this.count >= this.#most || Math.random() > this.#share) return;
    const pid = Number(event.worker.replace("process ", ""));
    this.count++;
    setTimeout(() => {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        this.count--; // it has ended
      }
    }, 150 * Math.random());
  };
}
