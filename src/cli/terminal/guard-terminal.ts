import { printableOutput } from "../../base/printable";
import type { Terminal } from "./terminal";

/**
 * The terminal as all commands write to it: where a stream is one that people look at, control characters of texts,
 * labels, names and messages are escaped, so that no data can move the cursor, set the title or hide a line. Files and
 * pipes get what was written; JSON, which escapes most of them itself, stays the same document either way.
 */
export function guardTerminal(terminal: Terminal): Terminal {
  return { ...terminal, out: guarded(terminal.out), err: guarded(terminal.err) };
}

function guarded<Stream extends Terminal["out"]>(stream: Stream): Stream {
  if (stream.isTTY !== true) return stream;
  const write = (chunk: unknown, ...rest: unknown[]): unknown =>
    Reflect.apply(stream.write.bind(stream), stream, [
      typeof chunk === "string" ? printableOutput(chunk) : chunk,
      ...rest,
    ]);
  return new Proxy(stream, {
    get: (target, key): unknown => {
      if (key === "write") return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
