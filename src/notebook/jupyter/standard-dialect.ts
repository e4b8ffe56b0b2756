import type { JsonRecord } from "../../base/json";
import type { ErrorOutput } from "../format/notebook-types";
import { plainError } from "../format/plain-error";
import type { KernelDialect } from "./kernel-dialect";

/** Kernels that follow Jupyter's protocol: a failure is an `error` message, or at least the reply's content. */
export const STANDARD_DIALECT: KernelDialect = {
  name: "standard",
  ipcSeparator: "-",
  recoveryMs: 0,
  reportsBehindIdle: false,
  failures: () => ({
    take: (message) => [message],
    end: ({ reply }) => ({
      released: [],
      ...(reply?.status === "error" && { error: () => replyError(reply) }),
    }),
  }),
  lateError: () => undefined,
};

/** The error in the content of a reply. */
function replyError(content: JsonRecord): ErrorOutput {
  const ename = typeof content.ename === "string" ? content.ename : "Error";
  const evalue = typeof content.evalue === "string" ? content.evalue : "";
  const lines = Array.isArray(content.traceback) ? content.traceback.map(String) : [];
  return lines.length === 0 ? plainError(ename, evalue) : { output_type: "error", ename, evalue, traceback: lines };
}
