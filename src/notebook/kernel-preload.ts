/**
 * Loaded into a kernel of this clone by `node --require`, before tslab. It leaves tslab as it is and closes gaps that a
 * headless run would fall into.
 */
import "../base/compile-cache"; // first
import "./rearm-sigint";

import * as zeromq from "zeromq";

// A runner that is killed outright cannot end its kernel; so the kernel ends itself once its parent is another.
const runner = process.ppid;
setInterval(() => {
  if (process.ppid !== runner) process.exit(1);
}, 1000).unref();

// A headless run goes through the cells once; so a figure of a title that was there before is another figure.
Reflect.set(globalThis, Symbol.for("tslora.everyCellRunsOnce"), true);

const { Publisher, Reply, Router } = zeromq;

/**
 * The publisher that tslab gets. ZeroMQ's drops messages in silence when a thousand wait, and throws from the 513th
 * send of one turn of the event loop on, which `console.log` swallows: a cell that prints a lot would lose outputs,
 * and with them the status that ends it. This one sends at once what it can and the rest in order afterwards.
 */
class PatientPublisher extends Publisher {
  readonly #waiting: Parameters<InstanceType<typeof Publisher>["send"]>[0][] = [];

  constructor(options: ConstructorParameters<typeof Publisher>[0]) {
    super({ ...options, sendHighWaterMark: 0 });
  }

  override async send(message: Parameters<InstanceType<typeof Publisher>["send"]>[0]): Promise<void> {
    if (this.#waiting.length === 0) {
      try {
        return await super.send(message);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    }
    this.#waiting.push(message);
    if (this.#waiting.length === 1) void this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    let sent = 0;
    while (sent < this.#waiting.length && !this.closed) {
      try {
        await super.send(this.#waiting[sent]);
        sent++;
      } catch (error) {
        if (!isBusy(error)) break; // closed while it waited
        await new Promise(setImmediate);
      }
    }
    this.#waiting.length = 0;
  }
}

/**
 * Sockets that bear being spoken to while tslab still opens its others: ZeroMQ refuses to read and send meanwhile, and
 * tslab would never read that socket again.
 */
class PatientRouter extends Router {
  override async receive(): ReturnType<InstanceType<typeof Router>["receive"]> {
    return untilFree(() => super.receive());
  }

  override async send(message: Parameters<InstanceType<typeof Router>["send"]>[0]): Promise<void> {
    return untilFree(() => super.send(message));
  }
}

class PatientReply extends Reply {
  override async receive(): ReturnType<InstanceType<typeof Reply>["receive"]> {
    return untilFree(() => super.receive());
  }

  override async send(message: Parameters<InstanceType<typeof Reply>["send"]>[0]): Promise<void> {
    return untilFree(() => super.send(message));
  }
}

async function untilFree<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      await new Promise(setImmediate);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}

Object.assign(require.cache[require.resolve("zeromq")]?.exports as object, { Publisher: PatientPublisher, Reply: PatientReply, Router: PatientRouter });
