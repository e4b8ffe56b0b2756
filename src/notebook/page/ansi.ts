// eslint-disable-next-line no-control-regex -- ANSI escape sequences are control characters
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_])/g;

/** A text without ANSI colours and cursor movements. */
export function stripAnsi(text: string): string {
  return text.replace(ESCAPES, "");
}
