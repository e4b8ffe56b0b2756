// The element-wise half of an encoder's step, row by row: what TensorFlow would do in many passes over memory, in one.
// kernels.cc is compiled once for each set of instructions; choose_kernels() takes the widest that the processor has.
#ifndef TSLORA_KERNELS_H_
#define TSLORA_KERNELS_H_

#include <cstdint>

namespace tslora {

// What dropout drops, as a function of the seed, the row and the column alone: Philox 4x32-10 (Salmon et al., "Parallel
// random numbers: as easy as 1, 2, 3", 2011) counts rows and blocks of columns, and each of its words serves two columns
// with 16 bits. A column is kept where they reach the rate.
struct Drop {
  float rate = 0;  // 0: nothing is dropped
  uint32_t seed[2] = {0, 0};
};

// Rows of heads within rows of tokens: [documents, length, heads * head_dim] and [documents, heads, length, head_dim].
struct Heads {
  int64_t documents, length, heads, head_dim;
};

// All work on rows [begin, end); matrices are row-major and dense. Output may be an input where it says "or in place".
struct Kernels {
  const char* instructions;

  // y = x Phi(x), or in place; derivative, where it is not null, Phi(x) + x phi(x). Here begin and end count elements.
  void (*gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
  // y = x + bias, or in place.
  void (*add_bias)(const float* x, const float* bias, float* y, int64_t columns, int64_t begin, int64_t end);
  // y = x + low * b', or in place; low [rows, rank], b [columns, rank] laid as its transpose, [rank, columns].
  void (*add_low_rank)(const float* x, const float* low, const float* b_transposed, float* y, int64_t rank, int64_t columns, int64_t begin, int64_t end);
  // y = x / (1 - rate) where it is kept, else 0; or in place.
  void (*dropout)(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // 1 where a column is kept, else 0.
  void (*keep_mask)(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // s = residual + dropout(x), residual may be null; normalized = (s - mean) / deviation, y = normalized * gamma + beta.
  void (*residual_norm)(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon, Drop drop, float* y, float* normalized, float* inverse_deviation, int64_t columns, int64_t begin, int64_t end);
  // The gradient for s, and where dx is not null that for x.
  void (*residual_norm_backward)(const float* dy, const float* gamma, const float* normalized, const float* inverse_deviation, Drop drop, float* ds, float* dx, int64_t columns, int64_t begin, int64_t end);
  // weights = softmax(scores), or in place; kept, where it is not null, those that dropout leaves, unscaled.
  void (*attention_weights)(const float* scores, Drop drop, float* weights, float* kept, int64_t columns, int64_t begin, int64_t end);
  // The scores' gradient from that of the kept weights, or in place: (d_kept * mask - rowsum(d_context * context)) * weights.
  // kept, where it is not null, is made again. Contexts are [rows, head_dim].
  void (*attention_weights_backward)(const float* d_kept, const float* weights, const float* d_context, const float* context, int64_t head_dim, Drop drop, float* d_scores, float* kept, int64_t columns, int64_t begin, int64_t end);
  // Between rows of tokens and rows of heads, times scale. Here begin and end count rows of tokens.
  void (*split_heads)(const float* x, float scale, float* y, Heads heads, int64_t begin, int64_t end);
  void (*merge_heads)(const float* x, float scale, float* y, Heads heads, int64_t begin, int64_t end);
};

// For this processor, or those that TSLORA_INSTRUCTIONS names ("baseline", "avx2", "avx512"), where it has them.
const Kernels& choose_kernels();

}  // namespace tslora

#endif  // TSLORA_KERNELS_H_
