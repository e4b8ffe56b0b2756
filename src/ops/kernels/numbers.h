// What the kernels share: exponentials and dropout's draws. In an anonymous namespace, for it is compiled once for each
// set of instructions and none is to be taken for another's.
#ifndef TSLORA_NUMBERS_H_
#define TSLORA_NUMBERS_H_

#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "kernels.h"

namespace tslora {
namespace {

constexpr int LANES = 16;
constexpr int ROUNDS = 7;             // the fewest that no test of TestU01's BigCrush tells from chance
constexpr int DRAWN = LANES * 4 * 2;  // columns served by one call of draw()
constexpr float INVERSE_SQRT_TWO_PI = 0.3989422804014327f;

// Columns in a panel of a packed matrix: two vectors.
#if defined(__AVX512F__)
constexpr int NR = 32;
#elif defined(__AVX2__)
constexpr int NR = 16;
#else
constexpr int NR = 8;
#endif

// e^x for x <= 0, to 2 units in the last place; below the smallest normal number, that number.
inline float exp_negative(float x) {
  x = x < -87.33654f ? -87.33654f : x;                 // a NaN stays
  const float shifted = x * 1.44269504f + 12582912.f;  // x / log(2), rounded, stands in its last bits
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

// Vectors of 64-bit words whose upper halves count for nothing: what Philox's products of 32 bits are made from.
#if defined(__AVX512F__)
constexpr int WIDE = 8;
typedef uint64_t Words __attribute__((vector_size(8 * WIDE)));
inline Words product(Words x, uint32_t factor) {
  return (Words)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi64(factor));
}
#elif defined(__AVX2__)
constexpr int WIDE = 4;
typedef uint64_t Words __attribute__((vector_size(8 * WIDE)));
inline Words product(Words x, uint32_t factor) {
  return (Words)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(factor));
}
#else
constexpr int WIDE = 2;
typedef uint64_t Words __attribute__((vector_size(8 * WIDE)));
#if defined(__x86_64__)
inline Words product(Words x, uint32_t factor) { return (Words)_mm_mul_epu32((__m128i)x, _mm_set1_epi64x(factor)); }
#else
inline Words product(Words x, uint32_t factor) { return (x & 0xFFFFFFFFu) * factor; }
#endif
#endif

// 16 bits for each of the DRAWN columns of a block of a row's.
inline void draw(const Drop& drop, uint64_t row, uint32_t block, uint16_t* bits) {
  for (int part = 0; part < LANES; part += WIDE) {
    Words c0, c1 = Words{} + (row & 0xFFFFFFFFu), c2 = Words{} + (row >> 32), c3{};
    for (int l = 0; l < WIDE; ++l) c0[l] = block * LANES + part + l;
    uint32_t k0 = drop.seed[0], k1 = drop.seed[1];
#pragma GCC unroll 7
    for (int round = 0; round < ROUNDS; ++round) {
      const Words p0 = product(c0, 0xD2511F53u), p1 = product(c2, 0xCD9E8D57u);
      c0 = (p1 >> 32) ^ c1 ^ k0;
      c1 = p1;
      c2 = (p0 >> 32) ^ c3 ^ k1;
      c3 = p0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    const Words first = (c0 << 32) | (c1 & 0xFFFFFFFFu), second = (c2 << 32) | (c3 & 0xFFFFFFFFu);
    std::memcpy(bits + part * 4, &first,
                sizeof first);  // 4 columns a lane; of all lanes the first words, then the others
    std::memcpy(bits + (LANES + part) * 4, &second, sizeof second);
  }
}

// How many of the columns from `column` on one draw serves.
inline int64_t until(int64_t column, int64_t columns) { return columns - column < DRAWN ? columns - column : DRAWN; }

// What a dropout keeps of the columns [column, column + DRAWN) of a row, as numbers to multiply by.
struct Mask {
  explicit Mask(const Drop& drop, float kept)
      : drop(drop), kept(kept), threshold(static_cast<uint32_t>(std::lround(drop.rate * 65536.f))) {}

  const float* at(int64_t row, int64_t column) {
    alignas(64) uint16_t bits[DRAWN];
    draw(drop, static_cast<uint64_t>(row), static_cast<uint32_t>(column / DRAWN), bits);
#pragma omp simd
    for (int i = 0; i < DRAWN; ++i) values[i] = uint32_t{bits[i]} >= threshold ? kept : 0.f;
    return values;
  }

  const Drop drop;
  const float kept;
  const uint32_t threshold;
  alignas(64) float values[DRAWN];
};

}  // namespace
}  // namespace tslora

#endif  // TSLORA_NUMBERS_H_
