import { expectedOf, type Expected } from "./fixture";

/** Properties of a tiny model in transformers and peft, without its numbers. */
export interface ExpectedArchitecture extends Expected {
  /** The kind of each module, by its name. */
  readonly modules: Readonly<Record<string, string>>;
  /** The modules that peft adapts by default; null where it has no default for the type. */
  readonly auto: readonly string[] | null;
  readonly allLinear: readonly string[];
  /** The longest text that transformers takes; null where nothing limits it. */
  readonly mostTokens: number | null;
}

export function expectedArchitecture(fixture: string): ExpectedArchitecture {
  return expectedOf(fixture) as ExpectedArchitecture;
}
