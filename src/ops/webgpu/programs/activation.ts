import type { Activation } from "../../ops";

const TANH_SLOPE = Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715;
const LARGEST = 10; // tanh is 1 there in 32 bits; some drivers return NaN for larger arguments

/** WGSL of `activated(x)` and, if requested, `activationSlope(x)`, the derivative at x. */
export function activationCode(activation: Activation, { derivative }: { readonly derivative: boolean }): string {
  if (activation === "gelu") return `${NORMAL_SHARE}${derivative ? GELU_SLOPE : ""}`;
  const isSilu = activation === "silu";
  const argument = isSilu ? "0.5 * x" : `${TANH_SLOPE} * (x + ${TANH_CUBE} * x * x * x)`;
  const slope = isSilu ? "0.5" : `${TANH_SLOPE} * (1.0 + ${3 * TANH_CUBE} * x * x)`;
  return `
    fn bent(x : f32) -> f32 { return tanh(clamp(${argument}, -${LARGEST}.0, ${LARGEST}.0)); }
    fn activated(x : f32) -> f32 { return x * (0.5 * (bent(x) + 1.0)); }
    ${
      derivative
        ? `fn activationSlope(x : f32) -> f32 {
             let t = bent(x);
             return 0.5 * (t + 1.0) + 0.5 * x * (1.0 - t * t) * (${slope});
           }`
        : ""
    }`;
}

// erf by formula 7.1.26 of Abramowitz and Stegun, as tfjs computes it: off by at most 1.5e-7.
const NORMAL_SHARE = `
  fn normalShare(x : f32) -> f32 {
    let size = abs(x) * ${Math.SQRT1_2};
    let t = 1.0 / (1.0 + 0.3275911 * size);
    let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    let erf = sign(x) * (1.0 - series * exp(-size * size));
    return 0.5 * (1.0 + erf);
  }
  fn activated(x : f32) -> f32 { return x * normalShare(x); }`;

const GELU_SLOPE = `
  fn activationSlope(x : f32) -> f32 {
    return normalShare(x) + x * exp(-0.5 * x * x) * ${1 / Math.sqrt(2 * Math.PI)};
  }`;
