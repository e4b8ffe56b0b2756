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
