import { startOf } from "../base/start-of";
import type { CellError } from "./cell-error";

/** Most characters of an error's message, and of its traceback, that are sent. */
const MOST = 10_000_000;

/**
 * Shortens an error to fit into a message. JSON.stringify fails for more than half a billion characters, and the cell
 * would get no reply.
 */
export function shortenError({ ename, evalue, traceback }: CellError): CellError {
  let room = MOST;
  const lines: string[] = [];
  for (const line of traceback) {
    if (room <= 0) break;
    lines.push(shorten(line, room));
    room -= line.length;
  }
  return { ename: shorten(ename, 1000), evalue: shorten(evalue, MOST), traceback: lines };
}

function shorten(text: string, room: number): string {
  return text.length <= room ? text : `${startOf(text, room)}… (${text.length - room} more characters)`;
}
