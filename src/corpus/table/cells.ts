import { shownValue } from "../../base/shown-value";

/** The reason why a cell holds no text. */
export interface TextFault {
  readonly message: string;
  /** Whether it is empty, blank or null. */
  readonly isEmpty: boolean;
}

/**
 * Checks a cell that should hold a text.
 *
 * @param value - undefined if the row has no such column
 * @returns undefined if it holds one
 */
export function textFault(column: string, value: unknown): TextFault | undefined {
  if (typeof value !== "string")
    return { message: `${column} must be a string; got ${shownCell(value)}`, isEmpty: value === null };
  return value.trim() === "" ? { message: `${column} is empty`, isEmpty: true } : undefined;
}

/** Whether a cell can be an ID as it is: a name, or a number that was not rounded. */
export function isId(value: unknown): value is string | number {
  return typeof value === "string" || (Number.isFinite(value) && !isRounded(value));
}

/** A cell in a message. */
export function shownCell(value: unknown): string {
  if (value === undefined) return "nothing";
  const shown = shownValue(value, 60);
  return isRounded(value) ? `${shown}, a number that was rounded: write whole numbers above 2^53 as strings` : shown;
}

/** Whether a whole number is too large to be exact, so that several different ones in a file become this one. */
function isRounded(value: unknown): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value);
}
