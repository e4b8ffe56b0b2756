// Compiled once for each instruction set, as kernels.cc is.
#include <cstring>

#include "kernels.h"
#include "philox.h"
#include "softmax.h"
#include "tiles.h"

namespace tslora {
namespace {

constexpr int64_t BLOCK = 56 / MR * MR;  // queries at a time, a multiple of MR: their scores fit in the cache

// Number of columns in a row of scores: whole panels, and at least those of a row of weights.
inline int64_t row_columns(int64_t keys) { return round_up(keys, NR > 16 ? NR : 16); }

inline void copy_rows(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to, int64_t to_row) {
  for (int64_t row = 0; row < rows; ++row)
    std::memcpy(to + row * to_row, from + row * from_row, static_cast<size_t>(columns) * sizeof(float));
}

}  // namespace

int64_t TSLORA_OWN(attention_scratch)(const Attention& attention, int64_t keys) {
  const int64_t columns = row_columns(keys), width = round_up(attention.head_dim, NR);
  const int64_t forward = attention.head_dim * columns + keys * width + BLOCK * columns;
  if (attention.dy == nullptr) return forward;
  return forward + attention.head_dim * columns + 2 * keys * width + BLOCK * columns + 2 * BLOCK * width;
}

void TSLORA_OWN(attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch) {
  const int64_t d = attention.head_dim, width = attention.width, keys = head.keys, whole = weights_columns(keys),
                columns = row_columns(keys);
  const int64_t offset = head.head * d;
  float* k_packed = scratch;
  float* v_packed = k_packed + d * columns;
  float* scores = v_packed + keys * round_up(d, NR);
  pack({attention.k + head.first_key * width + offset, 1, width}, d, keys, k_packed);
  pack({attention.v + head.first_key * width + offset, width, 1}, keys, d, v_packed);
  Mask mask(attention.drop, 1.f / (1.f - attention.drop.rate));
  float sums[BLOCK];
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const int64_t rows = head.queries - first < BLOCK ? head.queries - first : BLOCK;
    const int64_t at = (head.first_query + first) * width + offset;
    multiply({attention.q + at, width, 1}, {k_packed, d * NR}, rows, d, keys, columns, ZERO, scores, columns);
    for (int64_t row = 0; row < rows; ++row) {
      for (int64_t c = keys; c < whole; ++c) scores[row * columns + c] = -INFINITY;
      sums[row] =
          softmax_row(scores + row * columns, attention.scale, whole, nullptr, mask, head.first_draw + first + row);
    }
    multiply({scores, columns, 1}, {v_packed, keys * NR}, rows, keys, d, d, ZERO, attention.y + at, width);
    if (attention.drop.rate > 0) continue;
    for (int64_t row = 0; row < rows; ++row) {
      float* y = attention.y + at + row * width;
      const float factor = 1.f / sums[row];
#pragma omp simd
      for (int64_t i = 0; i < d; ++i) y[i] *= factor;
    }
  }
}

void TSLORA_OWN(attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch) {
  const int64_t d = attention.head_dim, width = attention.width, keys = head.keys, whole = weights_columns(keys),
                columns = row_columns(keys), panels = round_up(d, NR);
  const int64_t offset = head.head * d, at_keys = head.first_key * width + offset;
  float* v_transposed = scratch;  // [d, keys], as k_transposed is
  float* k_transposed = v_transposed + d * columns;
  float* k_packed = k_transposed + d * columns;
  float* d_scores = k_packed + keys * panels;
  float* kept = d_scores + BLOCK * columns;  // first the scores
  float* q_packed = kept + BLOCK * columns;
  float* dy_packed = q_packed + BLOCK * panels;
  float* dk = dy_packed + BLOCK * panels;  // sums in rows of `panels` numbers, as those of dv
  float* dv = dk + keys * panels;
  pack({attention.v + at_keys, 1, width}, d, keys, v_transposed);
  pack({attention.k + at_keys, 1, width}, d, keys, k_transposed);
  pack({attention.k + at_keys, width, 1}, keys, d, k_packed);
  Mask mask(attention.drop, 1.f / (1.f - attention.drop.rate));
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const int64_t rows = head.queries - first < BLOCK ? head.queries - first : BLOCK;
    const int64_t at = (head.first_query + first) * width + offset;
    const float* dy = attention.dy + at;
    multiply({dy, width, 1}, {v_transposed, d * NR}, rows, d, keys, columns, ZERO, d_scores, columns);
    multiply({attention.q + at, width, 1}, {k_transposed, d * NR}, rows, d, keys, columns, ZERO, kept, columns);
    for (int64_t row = 0; row < rows; ++row) {
      const float* y = attention.y + at + row * width;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < d; ++i) sum += dy[row * width + i] * y[i];
      for (int64_t c = keys; c < whole; ++c) kept[row * columns + c] = -INFINITY;
      softmax_row_again(kept + row * columns, d_scores + row * columns, attention.scale, sum, whole, mask,
                        head.first_draw + first + row);
    }
    multiply({d_scores, columns, 1}, {k_packed, keys * NR}, rows, keys, d, d, ZERO, attention.dq + at, width);
    pack({dy, width, 1}, rows, d, dy_packed);
    const Start dv_start = first > 0 ? Start{dv, panels} : ZERO, dk_start = first > 0 ? Start{dk, panels} : ZERO;
    multiply({kept, 1, columns}, {dy_packed, rows * NR}, keys, rows, d, panels, dv_start, dv, panels);
    if (attention.dk == nullptr) continue;
    pack({attention.q + at, width, 1}, rows, d, q_packed);
    multiply({d_scores, 1, columns}, {q_packed, rows * NR}, keys, rows, d, panels, dk_start, dk, panels);
  }
  copy_rows(dv, panels, keys, d, attention.dv + at_keys, width);
  if (attention.dk != nullptr) copy_rows(dk, panels, keys, d, attention.dk + at_keys, width);
}

}  // namespace tslora
