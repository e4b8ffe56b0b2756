import { TsloraError } from "../../base/tslora-error";
import { runStoredJob } from "../../jobs/run-stored-job";
import { openStore } from "../../jobs/store/open-store";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { INPUTS_OPTION } from "../options/driver-options";
import { pick } from "../options/option-table";
import { hearInterruption } from "../run/interruption";
import { writeNotice } from "../terminal/write-notice";
import { eventLine } from "./event-line";

/** `tslora job run`. Events go to standard output. */
export async function runJobCommand({ terminal, args, values }: CommandCall): Promise<number> {
  const [action = "", place = "", name = ""] = args;
  if (action !== "run")
    throw new TsloraError(
      "bad-option",
      `tslora job: the action must be run; got ${JSON.stringify(action.slice(0, 40))}.`,
    );
  const json = values.json === true;
  const print = (value: object, line: string | undefined): void => {
    const text = json ? JSON.stringify(value) : line;
    if (text !== undefined) terminal.out.write(`${text}\n`);
  };
  const notice = (text: string): void => writeNotice(terminal, text);
  const { signal, release } = hearInterruption(terminal, { effect: "the job stops at a checkpoint", show: notice });
  try {
    const outcome = await runStoredJob(name, {
      ...{ store: await openStore(place), inputFolders: pick(values, INPUTS_OPTION).inputs, signal },
      onEvent: (event) => print(event, eventLine(event)),
    });
    const done = outcome.type === "done" ? (outcome.reused ? "was done already" : "done") : outcome.type;
    print(outcome, outcome.type === "failed" ? undefined : `${name}: ${done}`);
    return { done: EXIT.ok, stopped: EXIT.interrupted, failed: EXIT.cellFailed }[outcome.type];
  } finally {
    release();
  }
}
