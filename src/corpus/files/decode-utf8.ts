const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes UTF-8 strictly, with line ends converted to `\n` as in Python's text mode, and without a byte order mark.
 *
 * @returns undefined if the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    return undefined;
  }
}
