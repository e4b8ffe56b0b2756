// Draws of dropout by Philox 4x32-7 (see Drop in kernels.h). In an anonymous namespace, for the reason in math.h.
#ifndef TSLORA_PHILOX_H_
#define TSLORA_PHILOX_H_

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
constexpr int ROUNDS = 7;             // the fewest that pass TestU01's BigCrush
constexpr int DRAWN = LANES * 4 * 2;  // columns that one call of draw() covers

// Vectors of 64-bit words. Only the lower 32 bits count: they are factors of Philox's products.
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

// Draws 16 bits for each of the DRAWN columns of a block in a row.
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
    // 4 columns for each lane: the first words of all lanes, then the second words.
    std::memcpy(bits + part * 4, &first, sizeof first);
    std::memcpy(bits + (LANES + part) * 4, &second, sizeof second);
  }
}

// Number of columns, starting at `column`, that one draw covers.
inline int64_t until(int64_t column, int64_t columns) { return columns - column < DRAWN ? columns - column : DRAWN; }

// Dropout's factors for the columns [column, column + DRAWN) of a row: `kept`, or 0 for a dropped column.
struct Mask {
  explicit Mask(const Drop& drop, float kept)
      : drop(drop), kept(kept), threshold(static_cast<uint32_t>(std::lround(drop.rate * 65536.f))) {}

  const float* at(int64_t row, int64_t column) {
    alignas(64) uint16_t bits[DRAWN];
    draw(drop, static_cast<uint64_t>(row), static_cast<uint32_t>(column / DRAWN), bits);
    const float factor = kept;  // copies: as far as the compiler knows, a store to `values` might change the members
    const uint32_t least = threshold;
#pragma omp simd
    for (int i = 0; i < DRAWN; ++i) values[i] = uint32_t{bits[i]} >= least ? factor : 0.f;
    return values;
  }

  const Drop drop;
  const float kept;
  const uint32_t threshold;
  alignas(64) float values[DRAWN];
};

}  // namespace
}  // namespace tslora

#endif  // TSLORA_PHILOX_H_
