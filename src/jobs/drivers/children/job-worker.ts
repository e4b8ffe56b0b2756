/** Runs in a process of its own: the jobs of `contract/job-types.ts`, and no others. */
import { JOB_TYPE_CODE } from "../../contract/job-types";
import { serveJobs } from "./serve-jobs";

serveJobs(JOB_TYPE_CODE);
