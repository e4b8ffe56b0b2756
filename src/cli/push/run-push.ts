import { expandHome } from "../../base/files/expand-home";
import { checkFolder, type PreparedPush } from "../../hub/push/prepare-push";
import type { PushTarget } from "../../hub/push/push-options";
import type { PushProgress } from "../../hub/push/push-progress";
import { pushWith, type PushedRepository } from "../../hub/push/push-to-hub";
import { pauseFor } from "../../hub/retry-pause";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { pick } from "../options/option-table";
import { PUSH_OPTIONS } from "../options/push-options";
import { hearInterruption } from "../run/interruption";
import { byteProgress } from "../terminal/byte-progress";
import { table, type Terminal } from "../terminal/terminal";
import { bytes } from "../terminal/text-layout";
import { writeNotice } from "../terminal/write-notice";

const CALLED = "tslora push";

/** `tslora push`. Folder, name and token are checked before anything is sent. */
export async function runPush({ terminal, args, values }: CommandCall): Promise<number> {
  const { dryRun = false, ...options } = pick(values, PUSH_OPTIONS);
  const [directory, repoId] = args;
  const target: PushTarget = { ...options, directory: expandHome(directory), repoId };
  const asJson = values.json === true;
  if (dryRun) {
    const { push } = await checkFolder(target, CALLED);
    if (asJson) terminal.out.write(`${JSON.stringify({ dryRun, ...push }, undefined, 2)}\n`);
    else showPlan(push, terminal);
    return EXIT.ok;
  }
  const interruption = hearInterruption(terminal, { effect: "unless the commit has begun, which is finished" });
  const progress = showProgress(terminal);
  try {
    const pushed = await pushWith(
      { ...target, signal: interruption.signal, onProgress: progress.update },
      { pause: pauseFor, called: CALLED },
    );
    progress.stop();
    if (asJson) terminal.out.write(`${JSON.stringify(pushed, undefined, 2)}\n`);
    else showPushed(pushed, terminal);
    return EXIT.ok;
  } finally {
    progress.stop();
    interruption.release();
  }
}

function showProgress(terminal: Terminal): { update: (progress: PushProgress) => void; stop: () => void } {
  const reading = byteProgress(terminal, "Reading");
  const sending = byteProgress(terminal, "Sending");
  const stop = (): void => {
    reading.stop();
    sending.stop();
  };
  return {
    stop,
    update: (progress) => {
      if (progress.phase === "reading") reading.update(progress.bytes, progress.total);
      else if (progress.phase === "sending") {
        reading.stop();
        sending.update(progress.bytes, progress.total);
      } else if (progress.phase === "committing") stop();
      else if (progress.phase === "waiting" && progress.seconds >= 2)
        sending.print(`Waiting ${Math.round(progress.seconds)} s, since ${progress.reason}.`);
    },
  };
}

/** Prints what a push would send. */
function showPlan(push: PreparedPush, terminal: Terminal): void {
  showNotices(push, terminal);
  const { files, repoId, revision, createPr, kind, commitMessage } = push;
  const place = createPr ? `a pull request for ${revision} of ${repoId}` : `${revision} of ${repoId}`;
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const lines = [
    `Dry run: nothing is sent. The ${kind} would go to ${place}, as "${commitMessage}".`,
    ...table([["file", "bytes"], ...files.map(({ path, size }) => [path, bytes(size)]), ["together", bytes(total)]]),
  ];
  terminal.out.write(`${lines.join("\n")}\n`);
}

function showPushed(pushed: PushedRepository, terminal: Terminal): void {
  showNotices(pushed, terminal);
  const { changed, sent, files, url, commit, pullRequestUrl } = pushed;
  const count = (n: number): string => `${n} of ${files.length} files`;
  const lines =
    changed.length === 0
      ? ["Nothing to send: the repository has all files already."]
      : [`Sent ${count(sent.length)}; the commit changes ${count(changed.length)}.`];
  if (pullRequestUrl !== undefined) lines.push(`pull request: ${pullRequestUrl}`);
  terminal.out.write(`${[...lines, `commit: ${commit}`, `page: ${url}`].join("\n")}\n`);
}

function showNotices({ notices, notSent }: PreparedPush, terminal: Terminal): void {
  const left = notSent.length === 0 ? [] : [`Not sent: ${notSent.join(", ")}.`];
  for (const text of [...notices, ...left]) writeNotice(terminal, text);
}
