import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { Channels } from "../../src/notebook/jupyter/channels";
import { socketAddress, writeConnectionFile, type Transport } from "../../src/notebook/jupyter/connection";
import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import { Heartbeat } from "../../src/notebook/jupyter/heartbeat";
import { newMessage, type Message } from "../../src/notebook/jupyter/wire";
import { waitUntil } from "../base/wait-until";
import { withGate } from "./gate";
import { Stranger } from "./stranger";

const BAD = "globalThis.intruded = true; console.log('intruded');";

/** A kernel with its connection, and a client that has the key. */
interface OpenKernel {
  readonly stranger: Stranger;
  readonly run: (code: string) => Promise<{ readonly reply: Message; readonly iopub: readonly Message[] }>;
  readonly key: string;
  readonly alive: () => boolean;
  readonly beat: Heartbeat;
}

/** Starts a kernel without the runner, so that its connection is known here. */
async function withOpenKernel(
  name: string,
  transport: Transport,
  work: (parts: OpenKernel) => Promise<void>,
): Promise<void> {
  const spec = findKernelSpec(name);
  const file = await writeConnectionFile(name, transport);
  const { connection } = file;
  assert.equal(statSync(file.path).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(file.path)).mode & 0o777, 0o700);
  const [program, ...args] = spec.argv.map((arg) => arg.replace("{connection_file}", file.path));
  const kernel = spawn(program, args, { cwd: projectRoot(), stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  let wake = (): void => undefined;
  kernel.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  kernel.once("exit", () => wake());
  const heard: Message[] = [];
  const replies = new Map<string, Message>();
  const channels = new Channels({
    connection,
    dialect: spec.dialect,
    identity: "owner",
    onMessage: (channel, message) => {
      if (channel === "iopub") heard.push(message);
      else replies.set(message.parent.msg_id ?? "", message);
      wake();
    },
    onBad: (problem) => assert.fail(problem),
  });
  const beat = new Heartbeat(socketAddress(connection, connection.hb_port, spec.dialect), 20);
  const ask = async (type: string, content: Record<string, unknown>): Promise<{ reply: Message; iopub: Message[] }> => {
    const message = newMessage(type, content, "owner");
    const id = message.header.msg_id;
    await channels.send("shell", message);
    for (;;) {
      const reply = replies.get(id);
      const iopub = heard.filter(({ parent }) => parent.msg_id === id);
      if (reply !== undefined && iopub.some(({ content: { execution_state } }) => execution_state === "idle"))
        return { reply, iopub };
      if (kernel.exitCode !== null || kernel.signalCode !== null) assert.fail(`the kernel ended: ${log}`);
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const stranger = new Stranger({ ...connection, key: undefined } as Omit<typeof connection, "key">, spec.dialect);
  try {
    const asked = async (): Promise<boolean> => {
      assert.equal(kernel.exitCode, null, `the kernel ended: ${log}`);
      await channels.send("shell", newMessage("kernel_info_request", {}, "owner"));
      return heard.length > 0;
    };
    await waitUntil(asked, { what: "the kernel answers", pauseMs: 100 });
    const run = (code: string): ReturnType<typeof ask> =>
      ask("execute_request", {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: false,
      });
    await work({ stranger, run, key: connection.key, alive: () => kernel.exitCode === null, beat });
  } finally {
    stranger.close();
    beat.close();
    channels.close();
    kernel.kill("SIGKILL");
    if (kernel.exitCode === null && kernel.signalCode === null) await once(kernel, "exit");
    await file.remove();
  }
}

/** Returns the text of a cell's standard output, and its other outputs as JSON. */
function shown(iopub: readonly Message[]): string {
  return iopub
    .filter(({ header }) => ["error", "stream"].includes(header.msg_type))
    .map(({ content }) => (content.name === "stdout" ? String(content.text) : JSON.stringify(content)))
    .join("");
}

for (const [name, transport] of [
  ["tslab", "tcp"],
  ["tslora", "tcp"],
  ["tslab", "ipc"],
  ["tslora", "ipc"],
] as const) {
  test(
    `a client without the key runs no code in ${name} over ${transport}, fails no cell, gets no signature and blocks nothing`,
    { timeout: 300_000 },
    async () => {
      await withOpenKernel(name, transport, async ({ stranger, run, key, alive, beat }) => {
        const before = await run("console.log('first'); 1");
        assert.equal(before.reply.content.status, "ok");
        let during = before;
        await withGate(async (gate) => {
          const running = run(`console.log('first of two');\n${gate.wait}\nconsole.log('second');`);
          await waitUntil(() => /"text":"first of two/.test(stranger.heard), { what: "the stranger hears the cell" });
          await stranger.attack();
          await stranger.forge(BAD);
          await stranger.forge(BAD); // with the kernel's answers to the first round
          gate.open();
          during = await running;
        });
        assert.equal(during.reply.content.status, "ok", JSON.stringify(during.reply.content));
        assert.deepEqual(shown(during.iopub), "first of two\nsecond\n");
        await stranger.attack();
        await stranger.forge(BAD);
        await stranger.subscribeTooLong();
        const after = await run("console.log((globalThis as { intruded?: boolean }).intruded ?? 'untouched');");
        assert.equal(after.reply.content.status, "ok");
        assert.deepEqual(shown(after.iopub), "untouched\n");
        assert.ok(alive());
        assert.ok(
          !stranger.heard.includes(stranger.signatureOf(BAD, key)),
          "the signature of a forged request is not published",
        );
        assert.ok(stranger.heard.includes("second"), "the stranger did hear the kernel");
        const now = performance.now();
        await waitUntil(() => performance.now() - beat.silentMs > now, { what: "the heartbeat is answered" });
      });
    },
  );
}
