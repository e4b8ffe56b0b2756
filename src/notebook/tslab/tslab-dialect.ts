import type { EndedCell, CellFailure, FailureReader, KernelDialect } from "../jupyter/kernel-dialect";
import type { OutputMessage } from "../jupyter/wire";
import { tslabErrorOutput } from "./error-output";
import { TslabFailureFilter } from "./failures";

/** tslab's kernel prints a failure on stderr, and its reply has neither name nor message. */
export const TSLAB_DIALECT: KernelDialect = {
  name: "tslab",
  ipcSeparator: ":",
  recoveryMs: 250, // it drops cells that come within 200 ms after a failed one
  reportsBehindIdle: true,
  failures: () => new TslabFailures(),
  lateError: (message, cells) => {
    const text = stderrText(message);
    if (text === undefined) return undefined;
    const filter = new TslabFailureFilter();
    filter.accept(text);
    const { failure } = filter.end("ok");
    return failure === undefined ? undefined : tslabErrorOutput(failure, cells);
  },
};

class TslabFailures implements FailureReader {
  readonly #filter = new TslabFailureFilter();

  take(message: OutputMessage): readonly OutputMessage[] {
    const text = stderrText(message);
    return text === undefined
      ? [...this.#filter.release().map(toStderr), message]
      : this.#filter.accept(text).map(toStderr);
  }

  end({ reply, wasStopped, cells }: EndedCell): CellFailure {
    const { failure, released } = this.#filter.end(reply?.status);
    // the reason for the interrupt is the error; tslab's own text about it is left out
    return {
      released: released.map(toStderr),
      ...(failure !== undefined && !wasStopped && { error: () => tslabErrorOutput(failure, cells) }),
    };
  }
}

function stderrText({ type, content }: OutputMessage): string | undefined {
  return type === "stream" && content.name === "stderr" && typeof content.text === "string" ? content.text : undefined;
}

function toStderr(text: string): OutputMessage {
  return { type: "stream", content: { name: "stderr", text } };
}
