/** The process of a small job; see `src/jobs/drivers/children/job-worker.ts`. */
import { serveJobs } from "../../src/jobs/drivers/children/serve-jobs";
import { SMALL_TYPES } from "./small-job";

serveJobs(SMALL_TYPES);
