/** A whole number with decimals, such as `2.0` or `1e5`, as the value of a key. */
const DECIMAL = /"(\w+)"\s*:\s*(-?\d+(?:\.0+(?:[eE][+-]?\d+)?|[eE]\+?\d+))(?=\s*[,}])/g;
const WHOLE = /"(\w+)": (-?\d+)(?=\s*[,}])/g;

/**
 * Keeps the decimals of whole numbers that the original text writes as floats. JavaScript has only one type of number
 * and writes 2.0 as 2, which transformers refuses for a field of type float.
 *
 * @param text - JSON by `JSON.stringify` with indentation
 * @param original - JSON text whose keys and values `text` has
 */
export function keepDecimals(text: string, original: string): string {
  const written = new Map<string, string>();
  for (const [, key, value] of original.matchAll(DECIMAL)) written.set(`${key} ${Number(value)}`, value);
  return text.replace(WHOLE, (whole, key: string, value: string) => {
    const decimal = written.get(`${key} ${value}`);
    return decimal === undefined ? whole : `"${key}": ${decimal}`;
  });
}
