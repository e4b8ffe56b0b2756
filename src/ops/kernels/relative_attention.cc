// Compiled once for each instruction set, as kernels.cc is.
#include "kernels.h"
#include "philox.h"
#include "relative_blocks.h"
#include "softmax.h"
#include "tiles.h"

namespace tslora {
namespace {

inline void zero(float* at, int64_t rows, int64_t columns, int64_t row) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) at[r * row + c] = 0;
  }
}

inline float dot(const float* a, const float* b, int64_t size) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

// y += factor x
inline void add_scaled(const float* x, float factor, float* y, int64_t size) {
#pragma omp simd
  for (int64_t i = 0; i < size; ++i) y[i] += factor * x[i];
}

// softmax_row() for the keys from `first` on: no other key gets a weight. Room for whole lines of scores is needed, and
// those beyond the keys become 0, as do those of the weights. Without dropout the caller divides by the sum, as plain
// attention does. A text then gives the same numbers, to the bit, whether its batch needs a window or not, if the scale
// is a power of two.
float softmax_reached(float* scores, int64_t first, int64_t keys, float* weights, Mask& mask, int64_t draw) {
  const int64_t whole = weights_columns(keys);
  for (int64_t c = keys; c < whole; ++c) scores[c] = -INFINITY;
  const float sum = exponentials(scores, 1.f, whole);
  for (int64_t c = keys; c < whole; ++c) scores[c] = 0;
  const float factor = 1.f / sum;
  if (mask.drop.rate <= 0) {
    if (weights != nullptr) {
#pragma omp simd
      for (int64_t c = 0; c < whole; ++c) weights[c] = scores[c] * factor;
    }
    return sum;
  }
  for (int64_t c = 0, n = 0; c < whole; c += n) {
    const int64_t column = first + c, drawn = column / DRAWN * DRAWN;
    const float* m = mask.at(draw, drawn) + (column - drawn);
    n = whole - c < drawn + DRAWN - column ? whole - c : drawn + DRAWN - column;
    float* left = scores + c;
    if (weights != nullptr) {
      float* all = weights + c;
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) {
        const float w = left[i] * factor;
        all[i] = m[i] > 0 ? w : -w;
        left[i] = w * m[i];
      }
    } else {
#pragma omp simd
      for (int64_t i = 0; i < n; ++i) left[i] *= factor * m[i];
    }
  }
  return 1.f;
}

// Adds the relative terms to the scores of one query, i, for the keys
// [reach.begin, reach.end). `of_query` holds the query's products with the
// block's positions. Scores lie from `block.aligned` on.
void add_terms(const RelativeAttention& relative, const Head& sizes, const AttentionHead& head, const Block& block,
               int64_t i, Range reach, const float* of_query, const float* of_keys, float* scores) {
  const float scale = relative.base.scale;
  float* s = scores - block.aligned;
  if (relative.index != nullptr) {
    const int32_t* rows = relative.index + relative.index_reach - i;
    if (relative.position_key != nullptr) {
      const float* from = of_query - block.positions.begin;
#pragma omp simd
      for (int64_t j = reach.begin; j < reach.end; ++j) s[j] += from[rows[j]];
    }
    if (relative.position_query != nullptr && of_keys != nullptr) {
      const int32_t stride = static_cast<int32_t>(sizes.stride), first = static_cast<int32_t>(sizes.positions.begin);
      const int32_t end = static_cast<int32_t>(reach.end);
#pragma omp simd
      for (int32_t j = static_cast<int32_t>(reach.begin); j < end; ++j) s[j] += of_keys[j * stride + rows[j] - first];
    }
    if (relative.position_query != nullptr && of_keys == nullptr) {
      const float* key = relative.base.k + sizes.at_keys;
      for (int64_t j = reach.begin; j < reach.end; ++j)
        s[j] += dot(key + j * sizes.width, relative.position_query + rows[j] * sizes.width + sizes.offset, sizes.d);
    }
  }
  if (relative.bias == nullptr) {
#pragma omp simd
    for (int64_t j = reach.begin; j < reach.end; ++j) s[j] *= scale;
    return;
  }
  const float* bias = relative.bias + head.head * (2 * relative.bias_reach + 1) + relative.bias_reach - i;
#pragma omp simd
  for (int64_t j = reach.begin; j < reach.end; ++j) s[j] = s[j] * scale + bias[j];
}

}  // namespace

int64_t TSLORA_OWN(relative_scratch)(const RelativeAttention& relative, int64_t keys) {
  const int64_t d = relative.base.head_dim, panels = round_up(d, NR);
  const int64_t columns = Head::scores_columns(relative, keys);
  const int64_t positions = relative.index == nullptr ? 0 : Head::position_columns(relative.positions);
  const int64_t sides = round_up(keys, NR) * d + keys * panels + 2 * BLOCK * columns + 2 * BLOCK * panels;
  return sides + (relative.index == nullptr ? 0 : 2 * positions * (d + panels) + (BLOCK + keys) * positions);
}

void TSLORA_OWN(relative_forward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch) {
  const Attention& base = relative.base;
  const Head sizes(relative, head);
  const int64_t d = sizes.d, width = sizes.width, keys = sizes.keys, columns = sizes.columns;
  const int64_t count = sizes.positions.size(), packed_count = round_up(count, NR);
  float* k_packed = scratch;
  float* v_packed = k_packed + d * round_up(keys, NR);
  float* scores = v_packed + keys * sizes.panels;
  float* key_table = scores + BLOCK * columns;
  float* query_table = key_table + d * packed_count;
  float* of_queries = query_table + d * packed_count;
  float* of_keys = of_queries + BLOCK * sizes.stride;
  pack({base.k + sizes.at_keys, 1, width}, d, keys, k_packed);
  pack({base.v + sizes.at_keys, width, 1}, keys, d, v_packed);
  const int64_t at_positions = sizes.positions.begin * width + sizes.offset;
  if (relative.position_key != nullptr) pack({relative.position_key + at_positions, 1, width}, d, count, key_table);
  const bool one = head.queries == 1;  // takes single products instead of a product with every position
  if (relative.position_query != nullptr && !one) {
    pack({relative.position_query + at_positions, 1, width}, d, count, query_table);
    multiply({base.k + sizes.at_keys, width, 1}, {query_table, d * NR}, keys, d, count, sizes.stride, ZERO, of_keys,
             sizes.stride);
  }
  Mask mask(base.drop, 1.f / (1.f - base.drop.rate));
  float sums[BLOCK];
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const Block block(relative, sizes, first, head.queries - first < BLOCK ? head.queries - first : BLOCK);
    const int64_t at = (head.first_query + first) * width + sizes.offset;
    const int64_t span = block.keys.end - block.aligned;
    multiply({base.q + at, width, 1}, {k_packed + block.aligned * d, d * NR}, block.rows, d, span, columns, ZERO,
             scores, columns);
    if (relative.position_key != nullptr)
      multiply({base.q + at, width, 1}, {key_table + (block.positions.begin - sizes.positions.begin) * d, d * NR},
               block.rows, d, block.positions.size(), sizes.stride, ZERO, of_queries, sizes.stride);
    for (int64_t row = 0; row < block.rows; ++row) {
      const int64_t i = first + row;
      const Range reach = reached(relative.window, i, i, keys);
      float* own = scores + row * columns;
      add_terms(relative, sizes, head, block, i, reach, of_queries + row * sizes.stride, one ? nullptr : of_keys, own);
      float* weights = relative.weights == nullptr ? nullptr : relative.weights + head.weights_at + i * sizes.whole;
      float* reached_scores = own + reach.begin - block.aligned;
      sums[row] = softmax_reached(reached_scores, reach.begin, reach.size(), weights, mask, head.first_draw + i);
      if (weights != nullptr)
        for (int64_t c = weights_columns(reach.size()); c < sizes.whole; ++c) weights[c] = 0;
      for (int64_t j = block.keys.begin; j < reach.begin; ++j) own[j - block.aligned] = 0;
      for (int64_t j = reach.end; j < block.keys.end; ++j) own[j - block.aligned] = 0;
    }
    multiply({scores + block.keys.begin - block.aligned, columns, 1}, {v_packed + block.keys.begin * NR, keys * NR},
             block.rows, block.keys.size(), d, d, ZERO, base.y + at, width);
    if (base.drop.rate > 0) continue;
    for (int64_t row = 0; row < block.rows; ++row) {
      float* y = base.y + at + row * width;
      const float factor = 1.f / sums[row];
#pragma omp simd
      for (int64_t c = 0; c < d; ++c) y[c] *= factor;
    }
  }
}

namespace {

// The backward pass's memory for products with positions.
struct PositionSums {
  float* of_queries;  // gradients of the queries' products with the block's
                      // positions [queries, stride]
  float* of_keys;     // gradients of the keys' products with the positions [keys,
                      // stride]
};

// Turns one query's gradients of the kept weights, from `block.aligned` on,
// into those of its scores before scaling, 0 for keys beyond its reach, and
// adds them up by distance. `kept` receives the kept weights.
void row_backward(const RelativeAttention& relative, const Head& sizes, const AttentionHead& head, const Block& block,
                  int64_t row, float row_sum, float* d_scores, float* kept, const PositionSums& sums) {
  const Attention& base = relative.base;
  const int64_t i = block.first + row;
  const Range reach = reached(relative.window, i, i, sizes.keys);
  float* g = d_scores - block.aligned;
  const float factor = 1.f / (1.f - base.drop.rate);
  softmax_row_backward(g + reach.begin, factor, row_sum, weights_columns(reach.size()),
                       relative.weights + head.weights_at + i * sizes.whole, kept + reach.begin - block.aligned);
  for (int64_t j = block.keys.begin; j < reach.begin; ++j) g[j] = kept[j - block.aligned] = 0;
  for (int64_t j = reach.end; j < block.keys.end; ++j) g[j] = kept[j - block.aligned] = 0;
  if (relative.d_bias != nullptr) {
    float* d_bias = relative.d_bias + head.head * (2 * relative.bias_reach + 1) + relative.bias_reach - i;
#pragma omp simd
    for (int64_t j = reach.begin; j < reach.end; ++j) d_bias[j] += g[j];
  }
#pragma omp simd
  for (int64_t j = reach.begin; j < reach.end; ++j) g[j] *= base.scale;
  if (relative.index == nullptr) return;
  const int32_t* rows = relative.index + relative.index_reach - i;
  if (relative.position_key != nullptr) {
    float* to = sums.of_queries + row * sizes.stride;
    for (int64_t p = 0; p < block.positions.size(); ++p) to[p] = 0;
    to -= block.positions.begin;
    for (int64_t j = reach.begin; j < reach.end; ++j) to[rows[j]] += g[j];
  }
  if (relative.position_query == nullptr || sums.of_keys == nullptr) return;
  const int32_t stride = static_cast<int32_t>(sizes.stride), first = static_cast<int32_t>(sizes.positions.begin);
  const int32_t end = static_cast<int32_t>(reach.end);
  float* to = sums.of_keys;
#pragma omp simd
  for (int32_t j = static_cast<int32_t>(reach.begin); j < end; ++j) to[j * stride + rows[j] - first] += g[j];
}

// The gradients through the positions' queries if there is one query, whose
// scores' gradients are `g` [keys].
void one_query_backward(const RelativeAttention& relative, const Head& sizes, Range reach, const float* g) {
  const Attention& base = relative.base;
  const int32_t* rows = relative.index + relative.index_reach;
  for (int64_t j = reach.begin; j < reach.end; ++j) {
    const int64_t at = rows[j] * sizes.width + sizes.offset, key = sizes.at_keys + j * sizes.width;
    if (base.dk != nullptr) add_scaled(relative.position_query + at, g[j], base.dk + key, sizes.d);
    if (relative.d_position_query != nullptr) add_scaled(base.k + key, g[j], relative.d_position_query + at, sizes.d);
  }
}

// The backward pass's memory.
struct BackwardMemory {
  BackwardMemory(const Head& sizes, float* scratch) {
    const int64_t d = sizes.d, count = sizes.positions.size();
    const auto take = [&](int64_t size) {
      float* taken = scratch;
      scratch += size;
      return taken;
    };
    v = take(d * round_up(sizes.keys, NR));
    k = take(sizes.keys * sizes.panels);
    d_scores = take(BLOCK * sizes.columns);
    kept = take(BLOCK * sizes.columns);
    q = take(BLOCK * sizes.panels);
    dy = take(BLOCK * sizes.panels);
    key_table = take(count * sizes.panels);
    query_table = take(count * sizes.panels);
    of_queries = take(BLOCK * sizes.stride);
    of_keys = take(sizes.keys * sizes.stride);
  }

  float *v, *k;                    // packed [d, keys] and [keys, d]
  float *d_scores, *kept;          // [block, columns]
  float *q, *dy;                   // a block's, packed [block, d]
  float *key_table, *query_table;  // of the positions, packed [positions, d]
  float *of_queries, *of_keys;     // gradients of products with positions [block,
                                   // stride] and [keys, stride]
};

// The gradients of one block of queries, and what it adds to those of the keys,
// the values and the positions' keys.
void block_backward(const RelativeAttention& relative, const Head& sizes, const AttentionHead& head, const Block& block,
                    const BackwardMemory& memory, const PositionSums& sums) {
  const Attention& base = relative.base;
  const int64_t d = sizes.d, width = sizes.width, keys = sizes.keys, columns = sizes.columns, stride = sizes.stride;
  const int64_t rows = block.rows, at = (head.first_query + block.first) * width + sizes.offset;
  const int64_t begin = block.keys.begin, size = block.keys.size(), skipped = begin - block.aligned;
  const int64_t at_block = sizes.at_keys + begin * width;
  const float* dy = base.dy + at;
  multiply({dy, width, 1}, {memory.v + block.aligned * d, d * NR}, rows, d, block.keys.end - block.aligned, columns,
           ZERO, memory.d_scores, columns);
  for (int64_t row = 0; row < rows; ++row) {
    const float sum = dot(dy + row * width, base.y + at + row * width, d);
    row_backward(relative, sizes, head, block, row, sum, memory.d_scores + row * columns, memory.kept + row * columns,
                 sums);
  }
  const float* d_scores = memory.d_scores + skipped;
  multiply({d_scores, columns, 1}, {memory.k + begin * NR, keys * NR}, rows, size, d, d, ZERO, base.dq + at, width);
  pack({dy, width, 1}, rows, d, memory.dy);
  multiply({memory.kept + skipped, 1, columns}, {memory.dy, rows * NR}, size, rows, d, d,
           Start{base.dv + at_block, width}, base.dv + at_block, width);
  pack({base.q + at, width, 1}, rows, d, memory.q);
  if (base.dk != nullptr)
    multiply({d_scores, 1, columns}, {memory.q, rows * NR}, size, rows, d, d, Start{base.dk + at_block, width},
             base.dk + at_block, width);
  if (relative.position_key == nullptr) return;
  const int64_t used = block.positions.size(), before = block.positions.begin - sizes.positions.begin;
  multiply({memory.of_queries, stride, 1}, {memory.key_table + before * NR, sizes.positions.size() * NR}, rows, used, d,
           d, Start{base.dq + at, width}, base.dq + at, width);
  if (relative.d_position_key == nullptr) return;
  float* d_key = relative.d_position_key + block.positions.begin * width + sizes.offset;
  multiply({memory.of_queries, 1, stride}, {memory.q, rows * NR}, used, rows, d, d, Start{d_key, width}, d_key, width);
}

// Adds the gradients of the keys and of the positions' queries through their
// products.
void keys_backward(const RelativeAttention& relative, const Head& sizes, const BackwardMemory& memory) {
  const Attention& base = relative.base;
  const int64_t d = sizes.d, width = sizes.width, keys = sizes.keys, stride = sizes.stride;
  const int64_t count = sizes.positions.size(), at_positions = sizes.positions.begin * width + sizes.offset;
  if (base.dk != nullptr) {
    float* dk = base.dk + sizes.at_keys;
    pack({relative.position_query + at_positions, width, 1}, count, d, memory.query_table);
    multiply({memory.of_keys, stride, 1}, {memory.query_table, count * NR}, keys, count, d, d, Start{dk, width}, dk,
             width);
  }
  if (relative.d_position_query == nullptr) return;
  float* d_query = relative.d_position_query + at_positions;
  multiply({memory.of_keys, 1, stride}, {memory.k, keys * NR}, count, keys, d, d, Start{d_query, width}, d_query,
           width);
}

}  // namespace

void TSLORA_OWN(relative_backward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch) {
  const Attention& base = relative.base;
  const Head sizes(relative, head);
  const BackwardMemory memory(sizes, scratch);
  const int64_t d = sizes.d, width = sizes.width, keys = sizes.keys;
  pack({base.v + sizes.at_keys, 1, width}, d, keys, memory.v);
  pack({base.k + sizes.at_keys, width, 1}, keys, d, memory.k);
  if (relative.position_key != nullptr)
    pack({relative.position_key + sizes.positions.begin * width + sizes.offset, width, 1}, sizes.positions.size(), d,
         memory.key_table);
  const bool one = head.queries == 1, has_queries = relative.position_query != nullptr;
  const bool sums_keys = has_queries && !one && (base.dk != nullptr || relative.d_position_query != nullptr);
  if (sums_keys) zero(memory.of_keys, keys, sizes.positions.size(), sizes.stride);
  zero(base.dv + sizes.at_keys, keys, d, width);
  if (base.dk != nullptr) zero(base.dk + sizes.at_keys, keys, d, width);
  const PositionSums sums{memory.of_queries, sums_keys ? memory.of_keys : nullptr};
  for (int64_t first = 0; first < head.queries; first += BLOCK) {
    const Block block(relative, sizes, first, head.queries - first < BLOCK ? head.queries - first : BLOCK);
    block_backward(relative, sizes, head, block, memory, sums);
    if (one && has_queries) one_query_backward(relative, sizes, block.keys, memory.d_scores);
  }
  if (sums_keys) keys_backward(relative, sizes, memory);
}

}  // namespace tslora
