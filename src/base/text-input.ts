/** A text, or a pair of texts that belong together, such as a question and its answer. */
export type TextInput = string | readonly [text: string, textPair: string];

/** Whether a value is a pair of texts. */
export function isTextPair(input: unknown): input is readonly [text: string, textPair: string] {
  return Array.isArray(input) && input.length === 2 && input.every((text) => typeof text === "string");
}

/** Whether a value is a text or a pair of texts. */
export function isTextInput(input: unknown): input is TextInput {
  return typeof input === "string" || isTextPair(input);
}

/** A text and its second text, if it has one, as an input. */
export function textInput(text: string, textPair: string | undefined): TextInput {
  return textPair === undefined ? text : [text, textPair];
}
