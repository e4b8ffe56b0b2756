const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Decodes UTF-8 strictly, with line ends as Python's text mode gives them (`\n`) and without a byte order mark.
 *
 * @returns undefined where the bytes are no UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes).replace(/\r\n?/g, "\n");
  } catch {
    return undefined;
  }
}
