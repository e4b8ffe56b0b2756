import vm from "node:vm";

import * as ts from "typescript";

/** Programs as lists of cells; the same for the same seed. */
export function* seededPrograms({
  seed,
  programs,
  cells,
}: {
  readonly seed: number;
  readonly programs: number;
  readonly cells: number;
}): Generator<string[]> {
  const random = mulberry(seed);
  for (let program = 0; program < programs; program++) yield new Writer(random, `p${program}_`).program(cells);
}

/** Output of a program that is run as one script. */
export function runAsScript(cells: readonly string[]): string {
  const { outputText } = ts.transpileModule(cells.join("\n"), {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS },
  });
  let text = "";
  vm.runInNewContext(`(function (console, exports) { ${outputText}\n})(console, {})`, {
    console: { log: (line: string) => (text += `${line}\n`) },
  });
  return text;
}

/** Writes random statements over variables that earlier statements declared. */
class Writer {
  readonly #numbers: string[] = [];
  readonly #functions: string[] = [];
  #made = 0;

  constructor(
    private readonly random: () => number,
    private readonly prefix: string,
  ) {}

  program(cells: number): string[] {
    return Array.from({ length: cells }, (_, index) => {
      const lines = Array.from({ length: 5 }, () => this.#statement(index === 0 || this.#numbers.length < 3));
      return [
        ...lines,
        `console.log(JSON.stringify([${[...this.#numbers, ...this.#functions.map((name) => `${name}()`)].join(", ")}]));`,
      ].join("\n");
    });
  }

  #statement(mayDeclare: boolean): string {
    return mayDeclare || this.random() < 0.3 ? this.#declaration() : this.#write();
  }

  #declaration(): string {
    const names = [this.#name(), this.#name()];
    const [a, b] = names;
    const value = this.#value();
    const [text, kept] = this.#pick<readonly [string, readonly string[]]>([
      [`let ${a}: any = ${value}, ${b}: any = ${a};`, names],
      [`var ${a}: any = ${value};`, [a]],
      [`let { q: ${a} = ${value}, ...${b} }: any = { r: 1 }; ${b} = ${b}.r;`, names],
      [`let [${a}, ${b} = ${value}]: any[] = [${value}];`, names],
      [`if (${value} > -1e9) { var ${a}: any = ${value}; }`, [a]],
      [`for (var ${a}: any = 0; ${a} < 3; ${a}++);`, [a]],
    ]);
    const call = this.#name();
    const body = this.#numbers.length === 0 ? "" : this.#simple();
    this.#numbers.push(...kept);
    const target = this.#pick(this.#numbers);
    const written = this.#pick([
      `function ${call}(): any { ${body} return ${target}++; }`,
      `const ${call} = (x: any = ${target}): any => { ${target} += 1; { let ${target} = 99; ${target}++; } return x; };`,
      `class C${call} { static n = ${target}; static run(): any { ${body} return C${call}.n + ${target}; } } const ${call} = () => C${call}.run();`,
      `const ${call} = (): any => [...(function* (): any { yield ${target}; ${body} yield \`\${${target}}\`; })()].join();`,
    ]);
    if (this.random() < 0.6) {
      this.#functions.push(call);
      return `${text}\n${written}`;
    }
    return text;
  }

  #write(): string {
    const [a, b, c] = [this.#target(), this.#target(), this.#target()];
    const value = this.#value();
    return this.#pick([
      this.#simple(),
      `[${a}, ${b} = ${value}] = [${b}, ${a}];`,
      `({ x: ${a}, y: { z: ${b} = ${value} } = {} as any } = { x: ${c} } as any);`,
      `for (${a} of [1, 2]) ${b} += 1;`,
      `for (${a} = 0; ${a} < 2; ${a}++) { const ${b} = 5; void ${b}; }`,
      `try { throw ${value}; } catch (${a}) { ${a} = 3; ${b} = 4; }`,
      `${a} = ((${b}: any) => { ${b} = 7; return ${b} + ${c}; })(1);`,
      `switch (1 as any) { case 1: let ${a} = 5; ${a}++; ${b} = ${a}; }`,
      `${a} = [1, 2].map((${b}) => ${b} + Number(typeof ${c} === "number")).length;`,
      `({ ${a} } = { ${a}: ${value} } as any);`,
      `${a} = { ${b}, k: ${c} }.${b};`,
      ...(this.#functions.length === 0
        ? []
        : [`${a} = ${this.#pick(this.#functions)}() as any; ${a} = Number(${a}) || 0;`]),
    ]);
  }

  #simple(): string {
    const [a, b] = [this.#target(), this.#target()];
    return this.#pick([
      `${a} = ${this.#value()};`,
      `${a}++;`,
      `--${a};`,
      `${a} += ${b};`,
      `${a} ||= 6;`,
      `${a} ??= 6;`,
      `${a} = ${b} = ${this.#value()};`,
      `${a} = ${b}++ + ++${b};`,
    ]);
  }

  #target(): string {
    return this.#pick(this.#numbers);
  }

  #value(): string {
    const names =
      this.#numbers.length === 0 ? [] : [this.#pick(this.#numbers), `(${this.#pick(this.#numbers)} % 7 + 2)`];
    return this.#pick([...names, "1", "2", "3"]);
  }

  #name(): string {
    return `${this.prefix}${this.#made++}`;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)];
  }
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
