/** Joins a text that the format holds as a list of lines with their ends; returns any other value as it is. */
export function joinLines(value: unknown): unknown {
  const isLines = Array.isArray(value) && value.every((line) => typeof line === "string");
  return isLines ? value.join("") : value;
}
