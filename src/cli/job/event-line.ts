import { printableLine } from "../../base/printable";
import type { JobEvent } from "../../jobs/drivers/job-driver";

/** An event of a job as a line; none for progress, of which there is much. */
export function eventLine(event: JobEvent): string | undefined {
  const name = printableLine(event.job);
  if (event.type === "started") {
    const again = event.attempt === 1 ? "" : `, attempt ${event.attempt}`;
    return `${name}: started${again}${event.why === undefined ? "" : ` (${printableLine(event.why)})`}`;
  }
  if (event.type === "failed")
    return `${name}: ${event.retries ? "is tried again" : "failed"}: ${printableLine(event.error)}`;
  return undefined;
}
