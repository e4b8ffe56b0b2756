import type { Kernel } from "../jupyter/kernel-client";
import { toOutput, type OutputMessage } from "./output-reducer";
import type { CellPlace, RunEvent } from "./run-events";
import type { RunState } from "./run-state";
import { tslabErrorOutput, type ExecutedCell } from "../tslab/error-output";
import { TslabFailureFilter } from "../tslab/failures";
import type { Message } from "../jupyter/wire";

/**
 * Outputs of cells that had ended: they join their cell. An error among them fails it, since no notebook with an error
 * is a success; but a cell that is tagged raises-exception and has raised one may raise more.
 */
export class LateOutputs {
  readonly #dialect: Kernel["spec"]["dialect"];
  readonly #state: RunState;
  readonly #places = new Map<string, CellPlace>();
  readonly #messages: Message[] = [];

  constructor(kernel: Kernel, state: RunState) {
    this.#dialect = kernel.spec.dialect;
    this.#state = state;
    kernel.onStray((message) => {
      if (message.header.msg_type !== "status" && this.#places.has(message.parent.msg_id ?? ""))
        this.#messages.push(message);
    });
  }

  /** Remembers whose request an id is. */
  expect(id: string, place: CellPlace): void {
    this.#places.set(id, place);
  }

  /** Takes what has come so far into the cells that it belongs to. */
  *take(executed: readonly ExecutedCell[]): Generator<RunEvent, void, undefined> {
    for (const { header, content, parent, buffers } of this.#messages.splice(0)) {
      const place = this.#places.get(parent.msg_id ?? "");
      if (place === undefined) continue;
      if (header.msg_type.startsWith("comm_")) this.#state.widgets.comm(header.msg_type, content, buffers);
      let message: OutputMessage = { type: header.msg_type, content };
      if (this.#dialect === "tslab" && content.name === "stderr" && typeof content.text === "string") {
        const filter = new TslabFailureFilter();
        filter.accept(content.text);
        const { failure } = filter.end("ok");
        if (failure !== undefined) {
          const error = tslabErrorOutput(
            failure,
            executed.filter(({ number }) => number <= place.number),
          );
          message = { type: "error", content: { ...error } };
        }
      }
      const output = toOutput(message.type, message.content);
      if (output?.output_type === "error") this.#state.failLate(place, output);
      yield* this.#state.reduce(place, message, true);
    }
  }
}
