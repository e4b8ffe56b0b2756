import { Writable } from "node:stream";

import { COMMANDS } from "./commands";
import { runCli } from "./program";

/** Columns of a help text for an unknown terminal. */
const WIDTH = 80;

/** The help of the command line, under the key "", and of each command, under its name. */
export async function helpTexts(): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of ["", ...COMMANDS.map((command) => command.name)]) {
    let text = "";
    const out = Object.assign(new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) }), {
      columns: WIDTH,
      isTTY: false,
    });
    await runCli([...(name === "" ? [] : [name]), "--help"], { out, err: out, color: false, live: false });
    texts[name] = text;
  }
  return texts;
}
