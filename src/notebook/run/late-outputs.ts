import type { Kernel } from "../jupyter/kernel-client";
import type { ExecutedCell, KernelDialect } from "../jupyter/kernel-dialect";
import { toOutput } from "./output-reducer";
import type { CellPlace, RunEvent } from "./run-events";
import type { RunState } from "./run-state";
import type { Message, OutputMessage } from "../jupyter/wire";

/**
 * Collects outputs that arrive after their cells' end, and adds them to their cells. An error among them fails its
 * cell, unless the cell is tagged raises-exception and has raised one already.
 */
export class LateOutputs {
  readonly #dialect: KernelDialect;
  readonly #state: RunState;
  readonly #places = new Map<string, CellPlace>();
  readonly #messages: Message[] = [];

  constructor(kernel: Kernel, state: RunState) {
    this.#dialect = kernel.spec.dialect;
    this.#state = state;
    kernel.setLateOutputListener((message) => {
      if (message.header.msg_type !== "status" && this.#places.has(message.parent.msg_id ?? ""))
        this.#messages.push(message);
    });
  }

  /** Records which cell a request's id belongs to. */
  expect(id: string, place: CellPlace): void {
    this.#places.set(id, place);
  }

  /**
   * Adds the outputs that have arrived so far to their cells.
   *
   * @param executed - the cells executed so far
   * @param running - the cell whose end has not been reported yet; an error goes into its report
   */
  *take(executed: readonly ExecutedCell[], running?: CellPlace): Generator<RunEvent, void, undefined> {
    for (const { header, content, parent, buffers } of this.#messages.splice(0)) {
      const place = this.#places.get(parent.msg_id ?? "");
      if (place === undefined) continue;
      if (header.msg_type.startsWith("comm_")) this.#state.widgets.comm(header.msg_type, content, buffers);
      const published: OutputMessage = { type: header.msg_type, content };
      const error = this.#dialect.lateError(
        published,
        executed.filter(({ number }) => number <= place.number),
      );
      const message = error === undefined ? published : { type: "error", content: { ...error } };
      const output = toOutput(message.type, message.content);
      const report = output?.output_type === "error" ? this.#state.failLate(place, output) : undefined;
      yield* this.#state.reduce(place, message, true);
      if (report !== undefined && place.number !== running?.number)
        yield { event: "cell-failed-late", cell: this.#state.cell(place), report, ...place };
    }
  }
}
