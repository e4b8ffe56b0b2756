// Functions that attention's softmax and GELU need. In an anonymous namespace: each file that includes it is compiled
// once for each instruction set, and the linker must not take one set's copy for another's.
#ifndef TSLORA_MATH_H_
#define TSLORA_MATH_H_

#include <cmath>
#include <cstdint>
#include <cstring>

namespace tslora {
namespace {

constexpr float INVERSE_SQRT_TWO_PI = 0.3989422804014327f;

// e^x for x <= 0, to 2 units in the last place. Below the smallest normal number, returns that number.
inline float exp_negative(float x) {
  x = x < -87.33654f ? -87.33654f : x;                 // NaN stays NaN
  const float shifted = x * 1.44269504f + 12582912.f;  // its last bits hold x / log(2), rounded
  const float n = shifted - 12582912.f;
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 0.00138145406f;  // e^r = 1 + r + ..., |r| <= log(2) / 2, fitted for the smallest relative error
  p = p * r + 0.00836874545f;
  p = p * r + 0.041668389f;
  p = p * r + 0.166665211f;
  p = p * r + 0.49999994f;
  p = p * r + 1.f;
  p = p * r + 1.f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << 23) + (127u << 23);
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

// e^(z^2) erfc(z) for z >= 0: t times a polynomial in t = 1 / (1 + z / 2), fitted for the smallest relative error on
// [0, 10], 3e-7 in floats.
inline float scaled_erfc(float z) {
  const float t = 1.f / (1.f + 0.5f * z);
  float p = -0.0590689853f;
  p = p * t + 0.284575075f;
  p = p * t + -0.487200111f;
  p = p * t + 0.27806741f;
  p = p * t + -0.0266258251f;
  p = p * t + 0.202686936f;
  p = p * t + 0.243103743f;
  p = p * t + 0.282375306f;
  p = p * t + 0.282086432f;
  return p * t;
}

}  // namespace
}  // namespace tslora

#endif  // TSLORA_MATH_H_
