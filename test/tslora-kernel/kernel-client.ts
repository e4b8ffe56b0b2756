import { after } from "node:test";

import type { Transport } from "../../src/notebook/jupyter/connection";
import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import type { JsonRecord } from "../../src/base/json";
import { isIdle, startKernel, type Kernel } from "../../src/notebook/jupyter/kernel-client";
import { projectRoot } from "../../src/base/project-root";

/** Answer to a request: the iopub messages in order, and the reply. */
export interface Answer {
  readonly iopub: readonly { readonly type: string; readonly content: JsonRecord }[];
  readonly reply: JsonRecord;
}

/** A request that was sent, and its answer once reply and idle have come. */
export interface Sent {
  readonly answer: Promise<Answer>;
  /**
   * Resolves when an iopub message of the type has come; rejects where the request is answered, or the limit passes,
   * without one.
   */
  seen(type: string): Promise<JsonRecord>;
  /** As `seen`, of a message that may come after the answer: a late error, for one. */
  seenLate(type: string): Promise<JsonRecord>;
}

/** Limit of an answer, and of a message that a test waits for: a busy machine takes seconds. */
const LIMIT_MS = 240_000;

/** A promise's result, or after a time limit an error that names the awaited event. */
async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>(
    (_, reject) =>
      (timer = setTimeout(
        () => reject(new Error(`waited ${LIMIT_MS / 1000} s for ${what}; it did not come`)),
        LIMIT_MS,
      )),
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs work with a kernel in a folder, ours where no other is named, and ends it. */
export async function withKernel(
  work: (kernel: Kernel) => Promise<void>,
  {
    name = "tslora",
    cwd = projectRoot(),
    transport,
  }: { readonly name?: string; readonly cwd?: string; readonly transport?: Transport } = {},
): Promise<void> {
  const kernel = await startKernel({ spec: findKernelSpec(name), cwd, transport });
  try {
    await work(kernel);
  } finally {
    await kernel.stop();
  }
}

/** One kernel for all tests of a file, since a start takes two seconds; the tests run one after the other. */
export function sharedKernel(cwd = projectRoot()): (work: (kernel: Kernel) => Promise<void>) => () => Promise<void> {
  let kernel: Kernel | undefined;
  after(() => kernel?.stop());
  return (work) => async () => {
    kernel ??= await startKernel({ spec: findKernelSpec("tslora"), cwd });
    await work(kernel);
  };
}

/** Sends an execute_request. */
export function execute(kernel: Kernel, code: string, more: JsonRecord = {}): Sent {
  return send(kernel, "execute_request", {
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: true,
    ...more,
  });
}

/** Sends a request on the shell channel. */
export function send(kernel: Kernel, type: string, content: JsonRecord): Sent {
  const iopub: { type: string; content: JsonRecord }[] = [];
  const watchers: { type: string; resolve: (content: JsonRecord) => void }[] = [];
  const answer = new Promise<Answer>((resolve, reject) => {
    let reply: JsonRecord | undefined;
    let idle = false;
    kernel.request({ type, content }, (event) => {
      if (event.kind === "exit")
        return reject(new Error(`the kernel ended: ${JSON.stringify(event.exit)} ${kernel.logTail}`));
      const { message } = event;
      if (event.kind === "reply") reply = message.content;
      else {
        iopub.push({ type: message.header.msg_type, content: message.content });
        for (const watcher of watchers) if (watcher.type === message.header.msg_type) watcher.resolve(message.content);
        if (isIdle(message)) idle = true;
      }
      if (reply !== undefined && idle) resolve({ iopub, reply });
    });
  });
  const shortened = JSON.stringify(content.code ?? type).slice(0, 120);
  const messageOf = (wanted: string): Promise<JsonRecord> =>
    new Promise((resolve) => watchers.push({ type: wanted, resolve }));
  const seenLate = (wanted: string): Promise<JsonRecord> =>
    within(messageOf(wanted), `a message ${wanted} of ${shortened}`);
  const seen = (wanted: string): Promise<JsonRecord> => {
    const message = messageOf(wanted);
    const unanswered = answer.then(({ reply }) =>
      Promise.reject<JsonRecord>(
        new Error(
          `${shortened} was answered without the ${wanted} that was waited for: ${JSON.stringify(reply).slice(0, 400)}`,
        ),
      ),
    );
    return within(Promise.race([message, unanswered]), `a message ${wanted} of ${shortened}`);
  };
  return { answer: within(answer, `the answer to ${shortened}`), seen, seenLate };
}

/** The contents of an answer's messages of a type. */
export function contents({ iopub }: Answer, type: string): JsonRecord[] {
  return iopub.filter((message) => message.type === type).map(({ content }) => content);
}

/** Text that a cell printed. */
export function printed(answer: Answer, name: "stdout" | "stderr" = "stdout"): string {
  return contents(answer, "stream")
    .filter((content) => content.name === name)
    .map(({ text }) => String(text))
    .join("");
}

/** The one error of an answer, its stack without colours. */
export function errorOf(answer: Answer): { ename: string; evalue: string; stack: string } {
  const [error] = contents(answer, "error") as { ename: string; evalue: string; traceback: string[] }[];
  if (error === undefined) throw new Error(`no error was published; got ${JSON.stringify(answer)}`);
  // eslint-disable-next-line no-control-regex -- colours are control characters
  return { ...error, stack: error.traceback.join("\n").replace(/\u001b\[[\d;]*m/g, "") };
}
