// An encoder's step on the processor: products with weights, and what lies between them, row by row, which TensorFlow
// would do in many passes over memory, in one.
// Each file but ops.cc and parallel.cc is compiled once for each set of instructions; choose_kernels() takes the widest that
// the processor has.
#ifndef TSLORA_KERNELS_H_
#define TSLORA_KERNELS_H_

#include <cstdint>

namespace tslora {

// What dropout drops, as a function of the seed, the row and the column alone: Philox 4x32-7 (Salmon et al., "Parallel
// random numbers: as easy as 1, 2, 3", 2011) counts rows and blocks of columns, and each of its words serves two columns
// with 16 bits. A column is kept where they reach the rate.
struct Drop {
  float rate = 0;  // 0: nothing is dropped
  uint32_t seed[2] = {0, 0};
};

// Attention over rows of tokens [rows, width], of which each head has head_dim columns.
struct Attention {
  const float* q;
  const float* k;
  const float* v;
  float* y;        // [queries, width]; given in the backward pass
  float* weights;  // with a minus where dropped; null where no backward pass will follow
  int64_t width, head_dim;
  float scale;  // of the products of queries and keys
  Drop drop;    // of the backward pass the rate alone counts
  // The backward pass alone:
  const float* dy;
  float* dq;
  float* dk;  // null where it is not asked for
  float* dv;
};

// One head of one document: the unit of work, of which no two write to the same place.
struct AttentionHead {
  int64_t first_query, queries, first_key, keys;  // rows
  int64_t head;
  int64_t first_draw;  // the row that its first query is to dropout
  int64_t weights_at;  // where its [queries, keys] weights begin
};

// y = a(x w + bias + plus) * times, where a is GELU or nothing, bias [columns], the others [rows, columns]; each may be null.
struct Product {
  const float* x;  // [rows, depth]
  const float* w;  // [depth, columns], packed
  int64_t depth, columns;
  const float* bias;
  const float* plus[2];
  const float* times;
  float* y;
  bool gelu;
  float* derivative;  // GELU's
};
constexpr int64_t PRODUCT_ROWS = 56;  // the most rows that a block of a product has
constexpr int64_t PANELS = 96;        // a block's first column is a multiple of it
constexpr int64_t PRODUCT_COLUMNS = 8 * PANELS;  // the most columns that it has
// Whether a block of a product copies its rows: where they lie a multiple of a page apart, they push one another out of the cache.
constexpr bool product_copies(int64_t depth) { return depth % 1024 == 0; }

// All work on rows [begin, end); matrices are row-major and dense. Output may be an input where it says "or in place".
struct Kernels {
  const char* instructions;

  // y = x Phi(x), or in place; derivative, where it is not null, Phi(x) + x phi(x). Here begin and end count elements.
  void (*gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
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
  // low = scaling dropout(x) a': x [rows, columns], a [rank, columns], low [rows, rank].
  void (*lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank, int64_t columns, int64_t begin, int64_t end);
  // da = d_low' dropout(x), its columns in blocks of `drawn`: blocks [begin, end).
  int64_t drawn;
  void (*lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows, int64_t columns, int64_t begin, int64_t end);
  // dx = dropout(d_low a), what was dropped of x.
  void (*lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns, int64_t begin, int64_t end);
  // A product's right side is packed in panels of so many columns.
  int64_t panel;
  // Packs panels [begin, end) of w, given by its strides: it may be a transposed matrix.
  void (*pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns, float* packed, int64_t begin, int64_t end);
  // A block of a product: rows [row, end_row), at most PRODUCT_ROWS of them, and columns [column, end_column).
  void (*product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column);
  // How many numbers of scratch memory the two below take for a head of so many keys.
  int64_t (*attention_scratch)(const Attention& attention, int64_t keys);
  // y = dropout(softmax(scale q k')) v for one head (Vaswani et al., 2017), block by block of queries: what lies between
  // the products never leaves the cache but for the weights before dropout.
  void (*attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
  // dq, dk and dv. By rowsum(dP * P) = rowsum(dO * O) it takes no sum over the weights (Dao et al., FlashAttention, 2022).
  void (*attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
};

// A name that is this set of instructions' own.
#define TSLORA_JOINED(a, b) a##_##b
#define TSLORA_JOIN(a, b) TSLORA_JOINED(a, b)
#define TSLORA_OWN(name) TSLORA_JOIN(name, TSLORA_INSTRUCTIONS_NAME)
#if defined(TSLORA_INSTRUCTIONS_NAME)
void TSLORA_OWN(gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
void TSLORA_OWN(lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns, float* packed, int64_t begin, int64_t end);
void TSLORA_OWN(product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column);
int64_t TSLORA_OWN(attention_scratch)(const Attention& attention, int64_t keys);
void TSLORA_OWN(attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
void TSLORA_OWN(attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
#endif

// For this processor, or those that TSLORA_INSTRUCTIONS names ("baseline", "avx2", "avx512"), where it has them.
const Kernels& choose_kernels();

}  // namespace tslora

#endif  // TSLORA_KERNELS_H_
