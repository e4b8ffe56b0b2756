import { Problems } from "../../base/problems";
import { serve, type TextServer } from "../../serve/serve";
import { EXIT } from "../exit-codes";
import type { CommandCall } from "../library-command";
import { pick } from "../options/option-table";
import { SERVED_OPTIONS, SERVER_OPTIONS, type NamedFolder } from "../options/serve-options";
import { DEVICE_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import { hearInterruption } from "../run/interruption";
import { writeNotice } from "../terminal/write-notice";

/** `tslora serve`. The address goes to standard output, notices to standard error. */
export async function runServe({ terminal, values }: CommandCall): Promise<number> {
  const { model, adapter = [], labels, maxLength } = pick(values, SERVED_OPTIONS);
  const { adapterDirectory, ...server } = pick(values, SERVER_OPTIONS);
  const adapters = byName(adapter);
  const problems = new Problems("tslora serve");
  problems.expect(model !== undefined, "--model is needed: the base of the adapters, or a trained model");
  const adminToken = process.env.TSLORA_ADMIN_TOKEN;
  problems.expect(
    adapterDirectory === undefined || (adminToken ?? "") !== "",
    "--adapter-directory needs the variable TSLORA_ADMIN_TOKEN: without it no request can add an adapter",
  );
  problems.expect(
    Object.keys(adapters).length === adapter.length,
    `--adapter must give each adapter a name of its own; got ${adapter.map(({ name }) => JSON.stringify(name)).join(", ")}`,
  );
  problems.throwIfAny();
  const notice = (text: string): void => writeNotice(terminal, text);
  const running = await serve({
    ...{ model: model ?? "", adapters, labels, maxLength, adapterDirectory },
    ...server,
    ...pick(values, DEVICE_OPTIONS),
    ...pick(values, PRECISION_OPTIONS),
    ...(adminToken === undefined || adminToken === "" ? {} : { adminToken }),
    onNotice: notice,
  });
  const shown = running.adapters.length === 0 ? "no adapters" : `adapters ${running.adapters.join(", ")}`;
  terminal.out.write(
    values.json === true
      ? `${JSON.stringify({ url: running.url, port: running.port, model, adapters: running.adapters })}\n`
      : `Serving ${model ?? ""} (${shown}) on ${running.url}\n`,
  );
  await untilSignal(running, { terminal, notice });
  return EXIT.ok;
}

function byName(adapters: readonly NamedFolder[]): Record<string, string> {
  return Object.fromEntries(adapters.map(({ name, folder }) => [name, folder]));
}

/** Waits for SIGINT, SIGTERM or SIGHUP, then for the requests in flight. A second signal ends the process at once. */
async function untilSignal(
  running: TextServer,
  { terminal, notice }: { terminal: CommandCall["terminal"]; notice: (text: string) => void },
): Promise<void> {
  const { signal, release } = hearInterruption(terminal, {
    effect: "requests in flight are answered",
    show: notice,
  });
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  await running.close();
  release();
}
