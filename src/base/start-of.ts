/**
 * The first characters of a text, without a half of a surrogate pair at its end: such a half has no UTF-8, and Jupyter
 * cannot save a notebook that has one.
 */
export function startOf(text: string, length: number): string {
  const isHalf = (text.charCodeAt(length - 1) & 0xfc00) === 0xd800;
  return text.slice(0, isHalf ? length - 1 : length);
}
