/**
 * Colours that people with any kind of colour blindness can distinguish (Okabe and Ito, "Color Universal Design",
 * 2008), in the order of use. Without its black and yellow, which are hard to see on a dark or a white page.
 */
export const OKABE_ITO = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"] as const;

/** The colour of lines and marks that are not data, such as chance lines. Readable on a white and on a dark page. */
export const NEUTRAL = "#808080";

/** The `index`-th colour of a figure; after the last the colours repeat. */
export function colourOf(index: number): string {
  return OKABE_ITO[index % OKABE_ITO.length];
}

/** The relative luminance of `#rrggbb`, 0 (black) to 1 (white), as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(colour.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours `#rrggbb`, 1 to 21, as WCAG 2 defines it; text needs 4.5. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** The colour `share` of the way from `from` to `to`, both `#rrggbb`. */
export function mix(from: string, to: string, share: number): string {
  const channel = (at: number): string => {
    const [a, b] = [from, to].map((colour) => parseInt(colour.slice(at, at + 2), 16));
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(1)}${channel(3)}${channel(5)}`;
}

/** The colour `#rrggbb` with an opacity from 0 to 1, as CSS writes it. */
export function seeThrough(colour: string, opacity: number): string {
  return `rgba(${[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).join(", ")}, ${opacity})`;
}
