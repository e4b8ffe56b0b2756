import { TsloraError, type TsloraErrorCode } from "./tslora-error";

/** Gathers everything that is wrong with a call's options, so that the user is told all of it at once. */
export class Problems {
  readonly #where: string;
  readonly #found: string[] = [];

  /** @param where - the call or file that is checked, e.g. `train` */
  constructor(where: string) {
    this.#where = where;
  }

  /** Notes a problem unless `condition` holds. Returns the condition. */
  expect(condition: boolean, problem: string): boolean {
    if (!condition) this.#found.push(problem);
    return condition;
  }

  /** How many problems were noted so far. */
  get count(): number {
    return this.#found.length;
  }

  /** @throws TsloraError that lists every problem noted, if there is any. */
  throwIfAny(code: TsloraErrorCode = "bad-option"): void {
    if (this.#found.length === 0) return;
    const list = this.#found.length === 1 ? ` ${this.#found[0]}` : `\n${this.#found.map((p) => `- ${p}`).join("\n")}`;
    throw new TsloraError(code, `${this.#where}:${list}`, { details: { problems: [...this.#found] } });
  }
}
