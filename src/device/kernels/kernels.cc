// Compiled once for each set of instructions, with TSLORA_INSTRUCTIONS_NAME set: plain loops, which the compiler turns
// into vectors as wide as the processor has.
#include "kernels.h"

#include <cmath>
#include <cstring>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tslora {
namespace {

constexpr int LANES = 16;
constexpr int WORDS = 4;                        // Philox 4x32
constexpr int DRAWN = LANES * WORDS * 2;        // columns served by one call of draw()
constexpr float INVERSE_SQRT_TWO_PI = 0.3989422804014327f;

// e^x for x <= 0, to 2 units in the last place; below the smallest normal number, that number.
inline float exp_negative(float x) {
  x = x < -87.33654f ? -87.33654f : x;  // a NaN stays
  const float n = (x * 1.44269504f + 12582912.f) - 12582912.f;  // rounded to the nearest integer
  float r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.f / 5040.f;  // the Taylor series of e^r, |r| <= log(2) / 2: its rest is below 6e-9
  p = p * r + 1.f / 720.f;
  p = p * r + 1.f / 120.f;
  p = p * r + 1.f / 24.f;
  p = p * r + 1.f / 6.f;
  p = p * r + 0.5f;
  p = p * r + 1.f;
  p = p * r + 1.f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
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
inline Words product(Words x, uint32_t factor) { return (Words)_mm512_mul_epu32((__m512i)x, _mm512_set1_epi64(factor)); }
#elif defined(__AVX2__)
constexpr int WIDE = 4;
typedef uint64_t Words __attribute__((vector_size(8 * WIDE)));
inline Words product(Words x, uint32_t factor) { return (Words)_mm256_mul_epu32((__m256i)x, _mm256_set1_epi64x(factor)); }
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
inline void draw(const Drop& drop, uint64_t row, uint32_t block, uint32_t* bits) {
  for (int part = 0; part < LANES; part += WIDE) {
    Words c0, c1 = Words{} + (row & 0xFFFFFFFFu), c2 = Words{} + (row >> 32), c3{};
    for (int l = 0; l < WIDE; ++l) c0[l] = block * LANES + part + l;
    uint32_t k0 = drop.seed[0], k1 = drop.seed[1];
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Words p0 = product(c0, 0xD2511F53u), p1 = product(c2, 0xCD9E8D57u);
      c0 = (p1 >> 32) ^ c1 ^ k0;
      c1 = p1;
      c2 = (p0 >> 32) ^ c3 ^ k1;
      c3 = p0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    const Words* words[WORDS] = {&c0, &c1, &c2, &c3};
    for (int w = 0; w < WORDS; ++w) {
      uint32_t* to = bits + 2 * w * LANES + part;
#pragma omp simd
      for (int l = 0; l < WIDE; ++l) {
        const uint32_t word = static_cast<uint32_t>((*words[w])[l]);
        to[l] = word & 0xFFFFu;
        to[LANES + l] = word >> 16;
      }
    }
  }
}

// What a dropout keeps of the columns [column, column + DRAWN) of a row, as numbers to multiply by.
struct Mask {
  explicit Mask(const Drop& drop, float kept) : drop(drop), kept(kept), threshold(static_cast<uint32_t>(std::lround(drop.rate * 65536.f))) {}

  const float* at(int64_t row, int64_t column) {
    alignas(64) uint32_t bits[DRAWN];
    draw(drop, static_cast<uint64_t>(row), static_cast<uint32_t>(column / DRAWN), bits);
#pragma omp simd
    for (int i = 0; i < DRAWN; ++i) values[i] = bits[i] >= threshold ? kept : 0.f;
    return values;
  }

  const Drop drop;
  const float kept;
  const uint32_t threshold;
  alignas(64) float values[DRAWN];
};

inline int64_t until(int64_t column, int64_t columns) { return columns - column < DRAWN ? columns - column : DRAWN; }

void gelu(const float* x, float* y, float* derivative, int64_t begin, int64_t end) {
  const auto parts = [](float v, float& density, float& cdf) {
    const float z = std::fabs(v) * 0.70710678118654752f;
    const float e = exp_negative(-z * z);
    const float tail = 0.5f * e * scaled_erfc(z);  // Phi(-|v|)
    density = INVERSE_SQRT_TWO_PI * e;
    cdf = v < 0.f ? tail : 1.f - tail;
  };
  if (derivative == nullptr) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) {
      float density, cdf;
      parts(x[i], density, cdf);
      y[i] = x[i] * cdf;
    }
    return;
  }
#pragma omp simd
  for (int64_t i = begin; i < end; ++i) {
    float density, cdf;
    const float v = x[i];
    parts(v, density, cdf);
    derivative[i] = cdf + v * density;
    y[i] = v * cdf;
  }
}

void add_bias(const float* x, const float* bias, float* y, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * columns;
    float* to = y + row * columns;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] = from[c] + bias[c];
  }
}

void add_low_rank(const float* x, const float* low, const float* b_transposed, float* y, int64_t rank, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * columns;
    float* to = y + row * columns;
    for (int64_t r = 0; r < rank; ++r) {
      const float factor = low[row * rank + r];
      const float* b = b_transposed + r * columns;
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) to[c] = from[c] + factor * b[c];
      from = to;
    }
  }
}

void dropout(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      const float* from = x + row * columns + column;
      float* to = y + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) to[i] = from[i] * m[i];
    }
  }
}

void keep_mask(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f);
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* to = y + row * columns + column;
      for (int64_t i = 0; i < n; ++i) to[i] = m[i];
    }
  }
}

void residual_norm(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon, Drop drop, float* y, float* normalized, float* inverse_deviation, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  const float share = 1.f / static_cast<float>(columns);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = x + row * columns;
    float* s = normalized + row * columns;
    float* to = y + row * columns;
    if (drop.rate > 0) {
      for (int64_t column = 0; column < columns; column += DRAWN) {
        const float* m = mask.at(row, column);
        const int64_t n = until(column, columns);
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) s[column + i] = from[column + i] * m[i];
      }
      from = s;
    }
    float sum = 0;
    if (residual != nullptr) {
      const float* r = residual + row * columns;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < columns; ++c) {
        s[c] = from[c] + r[c];
        sum += s[c];
      }
    } else {
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < columns; ++c) {
        s[c] = from[c];
        sum += s[c];
      }
    }
    const float mean = sum * share;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t c = 0; c < columns; ++c) {
      s[c] -= mean;
      squares += s[c] * s[c];
    }
    const float inverse = 1.f / std::sqrt(squares * share + epsilon);
    inverse_deviation[row] = inverse;
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) {
      s[c] *= inverse;
      to[c] = s[c] * gamma[c] + beta[c];
    }
  }
}

void residual_norm_backward(const float* dy, const float* gamma, const float* normalized, const float* inverse_deviation, Drop drop, float* ds, float* dx, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f / (1.f - drop.rate));
  const float share = 1.f / static_cast<float>(columns);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = dy + row * columns;
    const float* unit = normalized + row * columns;
    float* to = ds + row * columns;
    float sum = 0, slope = 0;
#pragma omp simd reduction(+ : sum, slope)
    for (int64_t c = 0; c < columns; ++c) {
      const float g = from[c] * gamma[c];
      sum += g;
      slope += g * unit[c];
    }
    const float mean = sum * share, tilt = slope * share, inverse = inverse_deviation[row];
#pragma omp simd
    for (int64_t c = 0; c < columns; ++c) to[c] = (from[c] * gamma[c] - unit[c] * tilt - mean) * inverse;
    if (dx == nullptr) continue;
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* dropped = dx + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) dropped[i] = to[column + i] * m[i];
    }
  }
}

void attention_weights(const float* scores, Drop drop, float* weights, float* kept, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = scores + row * columns;
    float* to = weights + row * columns;
    float highest = from[0];
#pragma omp simd reduction(max : highest)
    for (int64_t c = 0; c < columns; ++c) highest = from[c] > highest ? from[c] : highest;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < columns; ++c) {
      const float e = exp_negative(from[c] - highest);
      to[c] = e;
      sum += e;
    }
    const float factor = 1.f / sum;
    if (kept == nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) to[c] *= factor;
      continue;
    }
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* left = kept + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        to[column + i] *= factor;
        left[i] = to[column + i] * m[i];
      }
    }
  }
}

void attention_weights_backward(const float* d_kept, const float* weights, const float* d_context, const float* context, int64_t head_dim, Drop drop, float* d_scores, float* kept, int64_t columns, int64_t begin, int64_t end) {
  Mask mask(drop, 1.f);
  for (int64_t row = begin; row < end; ++row) {
    const float* from = d_kept + row * columns;
    const float* p = weights + row * columns;
    float* to = d_scores + row * columns;
    const float* d = d_context + row * head_dim;
    const float* o = context + row * head_dim;
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < head_dim; ++i) sum += d[i] * o[i];
    if (drop.rate == 0) {
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) to[c] = (from[c] - sum) * p[c];
      continue;
    }
    for (int64_t column = 0; column < columns; column += DRAWN) {
      const float* m = mask.at(row, column);
      const int64_t n = until(column, columns);
      float* left = kept + row * columns + column;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const float w = p[column + i];
        left[i] = w * m[i];
        to[column + i] = (from[column + i] * m[i] - sum) * w;
      }
    }
  }
}

// `to_heads`: from rows of tokens to rows of heads; else back. One of the two is written.
template <bool to_heads>
void move_heads(const float* x, float scale, float* y, Heads heads, int64_t begin, int64_t end) {
  const int64_t width = heads.heads * heads.head_dim;
  for (int64_t token = begin; token < end; ++token) {
    const int64_t document = token / heads.length, place = token % heads.length;
    for (int64_t head = 0; head < heads.heads; ++head) {
      const int64_t in_tokens = token * width + head * heads.head_dim;
      const int64_t in_heads = ((document * heads.heads + head) * heads.length + place) * heads.head_dim;
      const float* from = x + (to_heads ? in_tokens : in_heads);
      float* to = y + (to_heads ? in_heads : in_tokens);
#pragma omp simd
      for (int64_t i = 0; i < heads.head_dim; ++i) to[i] = from[i] * scale;
    }
  }
}

}  // namespace

#define TSLORA_QUOTED(name) #name
#define TSLORA_NAME(name) TSLORA_QUOTED(name)
#define TSLORA_JOINED(a, b) a##b
#define TSLORA_TABLE(name) TSLORA_JOINED(kernels_, name)

extern const Kernels TSLORA_TABLE(TSLORA_INSTRUCTIONS_NAME);
const Kernels TSLORA_TABLE(TSLORA_INSTRUCTIONS_NAME) = {
    TSLORA_NAME(TSLORA_INSTRUCTIONS_NAME), gelu, add_bias, add_low_rank, dropout, keep_mask, residual_norm, residual_norm_backward, attention_weights, attention_weights_backward, move_heads<true>, move_heads<false>,
};

}  // namespace tslora
