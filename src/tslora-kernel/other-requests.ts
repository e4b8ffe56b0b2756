import type { JsonRecord } from "../base/json";
import { encodeMessage, newMessage, type Message } from "../notebook/jupyter/wire";

/** The requests that tslab's server answers by itself. */
const ANSWERED_BY_TSLAB = new Set([
  "kernel_info_request",
  "execute_request",
  "is_complete_request",
  "inspect_request",
  "complete_request",
  "shutdown_request",
]);

/** An answer to a request that tslab does not know, or answers under a wrong name. */
export type OtherAnswer =
  | { readonly on: "tslab" }
  | { readonly on: "nothing" }
  | { readonly on: "same" | "iopub"; readonly type: string; readonly content: JsonRecord };

/** Answers a request, or leaves it to tslab. */
export function answerTo({ header, content }: Message, interrupt: () => void): OtherAnswer {
  const type = header.msg_type;
  if (ANSWERED_BY_TSLAB.has(type)) return { on: "tslab" };
  switch (type) {
    case "history_request":
      return { on: "same", type: "history_reply", content: { status: "ok", history: [] } };
    case "comm_info_request":
      return { on: "same", type: "comm_info_reply", content: { status: "ok", comms: {} } };
    case "comm_open": // the protocol's answer to an unknown target
      return { on: "iopub", type: "comm_close", content: { comm_id: content.comm_id, data: {} } };
    case "interrupt_request":
      interrupt();
      return { on: "same", type: "interrupt_reply", content: { status: "ok" } };
    default:
      if (!type.endsWith("_request")) return { on: "nothing" };
      return {
        on: "same",
        type: type.replace(/request$/, "reply"),
        content: {
          status: "error",
          ename: "NotSupported",
          evalue: `This kernel does not know ${type}.`,
          traceback: [],
        },
      };
  }
}

/** An answer as frames, with the routing frames of its request. */
export function answerFrames(
  request: Message,
  routing: readonly Buffer[],
  { type, content, key }: { readonly type: string; readonly content: JsonRecord; readonly key: string },
): Buffer[] {
  const reply = newMessage(type, content, request.header.session);
  return [...routing, ...encodeMessage({ ...reply, parent: request.header }, key)];
}
