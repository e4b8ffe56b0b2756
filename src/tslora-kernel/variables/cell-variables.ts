import { checkEvaluated } from "./check-evaluated";
import { cellRuntime, type Variables } from "../cell-runtime";

/** The kind of a declaration. Nothing may be assigned to a constant. */
export type DeclaredAs = "variable" | "constant";

/**
 * Names by which libraries detect their environment. If a cell's variable `window` were global, a library that is
 * loaded later would mistake Node for a browser.
 */
const ENVIRONMENT = ["window", "document", "self", "location", "importScripts", "define", "Deno", "Bun", "chrome"];

/**
 * The variables of all cells, as properties of one object. Each is a global variable too, as in Node's REPL: code
 * compiled from a text (`eval`, `new Function`, `vm`) reads and writes the same variable. Names of Node's own globals,
 * and names by which libraries detect a browser, are not made global; see `newlyHidden`.
 */
export class CellVariables {
  readonly #values: Variables = {};
  readonly #declared = new Map<string, DeclaredAs>();
  readonly #taken: ReadonlySet<string>;
  readonly #global = new Set<string>();
  readonly #noticed = new Set<string>();

  constructor() {
    const names = [globalThis, Object.getPrototypeOf(globalThis) as object, Object.prototype];
    this.#taken = new Set([...names.flatMap((object) => Object.getOwnPropertyNames(object)), ...ENVIRONMENT]);
  }

  /** Gives compiled cells their variables. tslab must have created `globalThis.__tslab__` before. */
  install(): void {
    const runtime = cellRuntime();
    runtime.variables = this.#values;
    runtime.live = (name, get) => this.#defineLive(name, get);
    runtime.evaluated = (code, ...inner) =>
      checkEvaluated(code, (name) => this.#declared.has(name) && !inner.includes(name));
  }

  /** Declares the names of a cell that is about to run. */
  declare(names: ReadonlyMap<string, DeclaredAs>): void {
    for (const [name, as] of names) {
      this.#declared.set(name, as);
      if (!this.#global.has(name) && !this.#taken.has(name)) this.#makeGlobal(name);
    }
  }

  /**
   * Returns the variables that the source of a cell mentions and that are not global: code compiled from a text does
   * not see them. Returns each name once.
   */
  newlyHidden(source: string): string[] {
    const words = new Set(source.match(/[\p{ID_Start}$_][\p{ID_Continue}$]*/gu));
    const hidden = [...this.#declared.keys()].filter((name) => !this.#global.has(name) && words.has(name));
    const fresh = hidden.filter((name) => !this.#noticed.has(name));
    for (const name of fresh) this.#noticed.add(name);
    return fresh;
  }

  /** Returns a variable's value and sets it to undefined: objects with deleted properties are slow. */
  take(name: string): unknown {
    const value = this.#values[name];
    this.#values[name] = undefined;
    return value;
  }

  /** Makes a variable global; it takes the value of an existing global. */
  #makeGlobal(name: string): void {
    const before: unknown = Reflect.get(globalThis, name);
    const property = {
      get: (): unknown => this.#values[name],
      set: (value: unknown): void => this.#assign(name, value),
      enumerable: false,
      configurable: false, // so that an indirect eval cannot declare a function of this name
    };
    if (!Reflect.defineProperty(globalThis, name, property)) return;
    this.#global.add(name);
    if (before !== undefined && !Object.hasOwn(this.#values, name)) this.#values[name] = before;
  }

  /** Assigns to a global variable; a constant accepts only its first value, and the same value again. */
  #assign(name: string, value: unknown): void {
    const isFixed = this.#declared.get(name) === "constant" && this.#values[name] !== undefined;
    if (isFixed && !Object.is(this.#values[name], value)) throw new TypeError("Assignment to constant variable.");
    this.#values[name] = value;
  }

  /**
   * Declares an import: `get` reads its current value, since its module may change it. A later declaration replaces it.
   */
  #defineLive(name: string, get: () => unknown): void {
    const set = (value: unknown): void =>
      void Object.defineProperty(this.#values, name, { value, writable: true, enumerable: true, configurable: true });
    Object.defineProperty(this.#values, name, { get, set, enumerable: true, configurable: true });
  }
}
