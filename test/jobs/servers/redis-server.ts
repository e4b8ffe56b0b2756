import { spawn, type ChildProcess } from "node:child_process";
import { connect } from "node:net";

import { waitUntil } from "../../base/wait-until";
import { freePort } from "./free-port";
import { findProgram, missingPrograms } from "./missing-programs";

/** Why tests with Redis are skipped; false if they are not. */
export const NO_REDIS = missingPrograms(["redis-server"], "redis-server");

/** Certificate and key of a server with TLS. */
export interface RedisTls {
  readonly cert: string;
  readonly key: string;
}

/** A real Redis on loopback that keeps nothing on disk: a restart loses all its jobs. */
export class RedisServer {
  readonly port: number;
  readonly #password: string;
  readonly #tls: RedisTls | undefined;
  #process: ChildProcess | undefined;

  private constructor(port: number, { password, tls }: { password: string; tls: RedisTls | undefined }) {
    this.port = port;
    this.#password = password;
    this.#tls = tls;
  }

  /** Starts a Redis; the caller stops it. */
  static async start(options: { password?: string; tls?: RedisTls } = {}): Promise<RedisServer> {
    const { password = "", tls } = options;
    const server = new RedisServer(await freePort(), { password, tls });
    await server.start();
    return server;
  }

  /** URL of the Redis, with its password. */
  get url(): string {
    const login = this.#password === "" ? "" : `:${encodeURIComponent(this.#password)}@`;
    return `${this.#tls === undefined ? "redis" : "rediss"}://${login}127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const ports =
      this.#tls === undefined
        ? ["port 0", `port ${this.port}`]
        : [
            `tls-port ${this.port}`,
            "port 0",
            `tls-cert-file ${this.#tls.cert}`,
            `tls-key-file ${this.#tls.key}`,
          ].concat([`tls-ca-cert-file ${this.#tls.cert}`, "tls-auth-clients no"]);
    const lines = ["bind 127.0.0.1", ...ports, 'save ""', "appendonly no", "daemonize no"];
    if (this.#password !== "") lines.push(`requirepass "${this.#password}"`);
    const program = spawn(findProgram("redis-server") ?? "", ["-"], { stdio: ["pipe", "ignore", "ignore"] });
    program.stdin.end(`${lines.join("\n")}\n`); // not in the arguments: they would hold the password
    this.#process = program;
    await waitUntil(() => answers(this.port), { what: "Redis listens" });
  }

  async stop(): Promise<void> {
    const program = this.#process;
    this.#process = undefined;
    if (program === undefined || program.exitCode !== null || program.signalCode !== null) return;
    program.kill("SIGKILL");
    await new Promise((resolve) => program.once("exit", resolve));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
