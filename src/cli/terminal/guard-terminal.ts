import { changedStream } from "./changed-stream";
import { writable } from "./own-sequences";
import type { Terminal } from "./terminal";

/**
 * Wraps the terminal for all commands. On a stream that is a terminal it escapes control characters in texts, labels,
 * names and messages: no data can move the cursor, set the title, change a colour or hide a line. Files and pipes are
 * written unchanged. JSON stays the same document, since it escapes most control characters itself.
 */
export function guardTerminal(terminal: Terminal): Terminal {
  return { ...terminal, out: guarded(terminal.out, terminal), err: guarded(terminal.err, terminal) };
}

function guarded<Stream extends Terminal["out"]>(stream: Stream, { color }: Terminal): Stream {
  const isTerminal = stream.isTTY === true;
  if (!isTerminal && !color) return stream; // nothing writes own sequences
  return changedStream(stream, (text) => writable(text, { isTerminal }));
}
