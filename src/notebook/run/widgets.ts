import { isRecord, type JsonRecord } from "../../base/json";
import type { OutputMessage } from "../jupyter/wire";
import { toOutput } from "./output-reducer";
import type { Output } from "../format/notebook-types";
import { withoutKeys } from "../format/without-keys";

/** Binary buffers of a widget's model, by their path in its state. */
interface WidgetBuffer {
  readonly data: string;
  readonly encoding: "base64";
  readonly path: readonly unknown[];
}

interface Model {
  state: JsonRecord;
  readonly buffers: Map<string, WidgetBuffer>;
}

/** An output widget: while `listensTo` is a request's id, that request's outputs are the widget's. */
interface Capture {
  listensTo: string;
  outputs: readonly Output[];
  clearFirst: boolean;
}

/** Content of the comm_msg that sends an output widget's new outputs to the kernel. */
export type CommContent = JsonRecord;

const STATE = "application/vnd.jupyter.widget-state+json";

/**
 * The models of Jupyter widgets that a kernel has opened, tracked as a front end does. Their state goes into the
 * notebook's metadata, from which exporters draw them. Output widgets receive the outputs that belong to them.
 */
export class Widgets {
  readonly #models = new Map<string, Model>();
  readonly #captures = new Map<string, Capture>();

  /** Takes a comm_open, comm_msg or comm_close of the kernel. */
  comm(type: string, content: JsonRecord, buffers: readonly Uint8Array[]): void {
    const { comm_id: id, data } = content;
    if (typeof id !== "string" || !isRecord(data)) return;
    if (isRecord(data.state)) this.#update(id, data, buffers); // other messages are for the front end
    const state = isRecord(data.state) ? data.state : {};
    if (
      type === "comm_open" &&
      content.target_name === "jupyter.widget" &&
      state._model_module === "@jupyter-widgets/output" &&
      state._model_name === "OutputModel"
    ) {
      this.#captures.set(id, {
        listensTo: text(state.msg_id),
        outputs: Array.isArray(state.outputs) ? (state.outputs as Output[]) : [],
        clearFirst: false,
      });
    }
    const capture = this.#captures.get(id);
    if (capture !== undefined && type === "comm_msg" && typeof state.msg_id === "string")
      capture.listensTo = state.msg_id;
    if (type === "comm_close") this.#captures.delete(id);
  }

  /**
   * Offers an output to the output widgets.
   *
   * @param parent - the id of the request that it answers
   * @returns the message to the kernel, if a widget took the output
   */
  capture(parent: string, message: OutputMessage): CommContent | undefined {
    // widgets nest: the latest one that listens to this request
    if (this.#captures.size === 0) return undefined;
    const found = [...this.#captures].reverse().find(([, { listensTo }]) => listensTo !== "" && listensTo === parent);
    if (found === undefined) return undefined;
    const [id, capture] = found;
    if (message.type === "clear_output") {
      if (message.content.wait === true) {
        capture.clearFirst = true;
        return {};
      }
      capture.outputs = [];
    } else {
      const output = message.type === "stream" ? stream(message.content) : toOutput(message.type, message.content);
      if (output === undefined) return undefined;
      capture.outputs = appended(capture.clearFirst ? [] : capture.outputs, output);
      capture.clearFirst = false;
    }
    const outputs = capture.outputs.map((output) => withoutKeys(output, ["transient"]));
    const model = this.#models.get(id);
    if (model !== undefined) model.state = { ...model.state, outputs };
    return { comm_id: id, data: { method: "update", state: { outputs }, buffer_paths: [] } };
  }

  /** A notebook's `widgets` metadata; undefined without widgets. */
  metadata(): JsonRecord | undefined {
    if (this.#models.size === 0) return undefined;
    const state = [...this.#models].flatMap(([id, { state, buffers }]) => {
      if (!("_model_name" in state)) return [];
      const model = {
        model_name: state._model_name ?? null,
        model_module: state._model_module ?? null,
        model_module_version: state._model_module_version ?? null,
        state,
      };
      return [[id, buffers.size === 0 ? model : { ...model, buffers: [...buffers.values()] }] as const];
    });
    return { [STATE]: { state: Object.fromEntries(state), version_major: 2, version_minor: 0 } };
  }

  #update(id: string, data: JsonRecord, buffers: readonly Uint8Array[]): void {
    const model = this.#models.get(id) ?? { state: {}, buffers: new Map<string, WidgetBuffer>() };
    this.#models.set(id, model);
    model.state = { ...model.state, ...(data.state as JsonRecord) };
    const paths = Array.isArray(data.buffer_paths)
      ? data.buffer_paths.filter((path): path is unknown[] => Array.isArray(path))
      : [];
    for (const [at, path] of paths.entries()) {
      if (at < buffers.length)
        model.buffers.set(JSON.stringify(path), {
          data: Buffer.from(buffers[at]).toString("base64"),
          encoding: "base64",
          path,
        });
    }
  }
}

function appended(outputs: readonly Output[], output: Output): readonly Output[] {
  const last = outputs.at(-1);
  if (last?.output_type !== "stream" || output.output_type !== "stream" || last.name !== output.name)
    return [...outputs, output];
  return [...outputs.slice(0, -1), { ...last, text: last.text + output.text }];
}

function stream(content: JsonRecord): Output {
  return { output_type: "stream", name: content.name === "stderr" ? "stderr" : "stdout", text: text(content.text) };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
