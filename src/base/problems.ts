import { shownText } from "./shown-value";
import { TsloraError, type TsloraErrorCode } from "./tslora-error";

const LISTED = 30; // problems that a message lists
const LENGTH = 3000; // characters of one, enough for the names of a model's layers

/** Collects all problems of a call's options and reports them in one error. */
export class Problems {
  readonly #where: string;
  readonly #found: string[] = [];
  #count = 0;

  /** @param where - the call or file that is checked, e.g. `train` */
  constructor(where: string) {
    this.#where = where;
  }

  /** Adds a problem unless `condition` holds. Returns the condition. */
  expect(condition: boolean, problem: string): boolean {
    if (!condition && this.#count++ < LISTED) this.#found.push(shownText(problem, LENGTH));
    return condition;
  }

  /** Number of problems so far. */
  get count(): number {
    return this.#count;
  }

  /** @throws TsloraError that lists the problems (at most {@link LISTED}), if there are any. */
  throwIfAny(code: TsloraErrorCode = "bad-option"): void {
    if (this.#count === 0) return;
    const more = this.#count > LISTED ? `\n- and ${(this.#count - LISTED).toLocaleString("en-US")} more` : "";
    const list = this.#count === 1 ? ` ${this.#found[0]}` : `\n${this.#found.map((p) => `- ${p}`).join("\n")}${more}`;
    throw new TsloraError(code, `${this.#where}:${list}`, { details: { problems: [...this.#found] } });
  }
}
