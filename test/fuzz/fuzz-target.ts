import type { Random } from "../../src/base/random";

/** One damaged input, ready to be read. */
export interface FuzzCase {
  /** The changes that were made, for the report: `config.json: $.r = null`. */
  readonly changes: readonly string[];
  /** A reason why the format itself shows the damage, so that the input must be refused. */
  readonly mustRefuse?: string;
  /**
   * Reads the input as the product does. Throws where the product refuses it.
   *
   * @returns a complaint about what was accepted, or undefined
   */
  readonly read: () => Promise<string | undefined>;
}

/** A kind of input: valid files, and the ways to damage them. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes the valid inputs, once in a process. */
  prepare(folder: string): Promise<void>;
  /**
   * Damages a copy of a valid input.
   *
   * @param folder - an empty folder of the case's own
   */
  damage(folder: string, random: Random): Promise<FuzzCase>;
  /** Disposes what `prepare` made. */
  close(): void;
}

/** Fault of a case. */
export interface Finding {
  readonly target: string;
  readonly case: number;
  readonly kind: "crash" | "hang" | "other-error" | "long-message" | "accepted" | "leak" | "memory";
  readonly changes: readonly string[];
  readonly detail: string;
}

/** End of a case. */
export type CaseOutcome =
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "accepted" }
  | { readonly kind: "finding"; readonly finding: Finding };
