import type { Activation } from "../../ops";

const TANH_SLOPE = Math.sqrt(2 / Math.PI);
const TANH_CUBE = 0.044715;

/**
 * WGSL of `activated(x)` and, if requested, `activationSlope(x)`, the derivative at x. Computes tanh by
 * exponentials as tfjs does: WGSL's own may be off by 1e-5.
 */
export function activationCode(activation: Activation, { derivative }: { readonly derivative: boolean }): string {
  if (activation === "gelu") return `${NORMAL_CDF}${derivative ? GELU_SLOPE : ""}`;
  const isSilu = activation === "silu";
  const argument = isSilu ? "0.5 * x" : `${TANH_SLOPE} * (x + ${TANH_CUBE} * x * x * x)`;
  const slope = isSilu ? "0.5" : `${TANH_SLOPE} * (1.0 + ${3 * TANH_CUBE} * x * x)`;
  return `
    fn boundedTanh(x : f32) -> f32 {
      let u = ${argument};
      let e = exp(-2.0 * abs(u));
      return sign(u) * (1.0 - e) / (1.0 + e);
    }
    fn activated(x : f32) -> f32 { return x * (0.5 * (boundedTanh(x) + 1.0)); }
    ${
      derivative
        ? `fn activationSlope(x : f32) -> f32 {
             let t = boundedTanh(x);
             return 0.5 * (t + 1.0) + 0.5 * x * (1.0 - t * t) * (${slope});
           }`
        : ""
    }`;
}

// erf by formula 7.1.26 of Abramowitz and Stegun, as tfjs computes it: off by at most 1.5e-7.
const NORMAL_CDF = `
  fn normalCdf(x : f32) -> f32 {
    let scaled = abs(x) * ${Math.SQRT1_2};
    let t = 1.0 / (1.0 + 0.3275911 * scaled);
    let series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t;
    let erf = sign(x) * (1.0 - series * exp(-scaled * scaled));
    return 0.5 * (1.0 + erf);
  }
  fn activated(x : f32) -> f32 { return x * normalCdf(x); }`;

const GELU_SLOPE = `
  fn activationSlope(x : f32) -> f32 {
    return normalCdf(x) + x * exp(-0.5 * x * x) * ${1 / Math.sqrt(2 * Math.PI)};
  }`;
