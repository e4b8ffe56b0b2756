// An encoder's step on the processor: products with weights, and what lies between them, row by row, which TensorFlow
// would do in many passes over memory, in one.
// Each file but ops.cc and parallel.cc is compiled once for each set of instructions; choose_kernels() takes the widest
// that the processor has, and set-up compiles those that are needed.
#ifndef TSLORA_KERNELS_H_
#define TSLORA_KERNELS_H_

#include <cstdint>

namespace tslora {

// What dropout drops, as a function of the seed, the row and the column alone: Philox 4x32-7 (Salmon et al., "Parallel
// random numbers: as easy as 1, 2, 3", 2011) counts rows and blocks of columns, and each of its words serves two
// columns with 16 bits. A column is kept where they reach the rate.
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
  float* weights;  // with a minus where dropped, rows of weights_columns(keys); null where no backward pass will follow
  int64_t width, head_dim;
  float scale;  // of the products of queries and keys
  Drop drop;    // of the backward pass the rate alone counts
  // The backward pass alone:
  const float* dy;
  float* dq;
  float* dk;  // null where it is not asked for
  float* dv;
};

// How many columns a row of weights has for so many keys: whole lines of the cache, so that loops over them have no
// remainder.
constexpr int64_t weights_columns(int64_t keys) { return (keys + 15) / 16 * 16; }

// One head of one document: the unit of work, of which no two write to the same place.
struct AttentionHead {
  int64_t first_query, queries, first_key, keys;  // rows
  int64_t head;
  int64_t first_draw;  // the row that its first query is to dropout
  int64_t weights_at;  // where its queries' weights begin
};

// Attention with one query a head in each document, to keys and values that are not made: u is the queries through the
// key's weights, pooled what goes through the value's. What adapters add to keys and values comes made.
struct TokenPool {
  const float* u;      // [documents, heads, width]
  const float* x;      // [rows, width]
  const float* q;      // [documents, width], by which what is added to the keys is multiplied
  const float* key;    // [rows, width], what is added to the keys; null where nothing is
  const float* value;  // [rows, width], what is added to the values; the same
  float* weights;      // as Attention's, [heads, length] of one document behind the other
  int64_t width, heads;
  // The forward pass alone:
  float* pooled;  // [documents, heads, width]
  float* sums;    // [documents, heads], of the weights that were kept
  float* update;  // [documents, width], of `value`
  // The backward pass alone; gradients of what is null are not asked for:
  const float* d_pooled;
  const float* d_sums;
  const float* d_update;
  float* du;
  float* dx;  // null where it is not asked for; without what goes through key and value
  float* dq;
  float* d_key;
  float* d_value;
};

// A document of a TokenPool: the unit of work.
struct PooledDocument {
  int64_t index, first_row, length;
  Drop drop;           // its group's
  int64_t first_draw;  // the row that its first head is to dropout
  int64_t weights_at;
};

// Two matrices that are multiplied.
struct Factors {
  const float* x;  // [rows, depth]
  const float* w;  // [depth, columns], packed
  int64_t depth;   // 0 where they are not given
};
constexpr int MOST_FACTORS = 3, MOST_PLUS = 4;

// y = a(the sum of x w + bias + plus) * times, where a is GELU or nothing, bias [columns], the others [rows, columns];
// each may be null.
struct Product {
  Factors factors[MOST_FACTORS];
  int64_t columns;
  const float* bias;
  const float* plus[MOST_PLUS];
  const float* times;
  float* y;
  bool gelu;
  float* derivative;  // GELU's
};
constexpr int64_t PRODUCT_ROWS = 56;             // the most rows that a block of a product has
constexpr int64_t PANELS = 96;                   // a block's first column is a multiple of it
constexpr int64_t PRODUCT_COLUMNS = 8 * PANELS;  // the most columns that it has
// Whether a block of a product copies its rows: where they lie a multiple of a page apart, they push one another out of
// the cache.
constexpr bool product_copies(int64_t depth) { return depth % 1024 == 0; }

// c = a b, matrix by matrix, for matrices that come once: a [matrices, rows, depth], b [matrices, depth, columns], c
// [matrices, rows, columns]; a and b may lie there transposed.
struct BatchedProduct {
  const float* a;
  const float* b;
  float* c;
  int64_t rows, depth, columns;
  bool transpose_a, transpose_b;
};

// All work on rows [begin, end); matrices are row-major and dense. Output may be an input where it says "or in place".
struct Kernels {
  const char* instructions;

  // y = x Phi(x), or in place; derivative, where it is not null, Phi(x) + x phi(x). Here begin and end count elements.
  void (*gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
  // y = x / (1 - rate) where it is kept, else 0; or in place.
  void (*dropout)(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // 1 where a column is kept, else 0.
  void (*keep_mask)(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // s = residual + dropout(x), residual may be null; normalized = (s - mean) / deviation, y = normalized * gamma +
  // beta.
  void (*residual_norm)(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon,
                        Drop drop, float* y, float* normalized, float* inverse_deviation, int64_t columns,
                        int64_t begin, int64_t end);
  // The gradient for s, and where dx is not null that for x.
  void (*residual_norm_backward)(const float* dy, const float* gamma, const float* normalized,
                                 const float* inverse_deviation, Drop drop, float* ds, float* dx, int64_t columns,
                                 int64_t begin, int64_t end);
  // low = scaling dropout(x) a': x [rows, columns], a [rank, columns], low [rows, rank]. scratch [columns], where
  // something is dropped.
  void (*lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank, int64_t columns,
                int64_t begin, int64_t end, float* scratch);
  // da = d_low' dropout(x), its columns in blocks of `drawn`: blocks [begin, end).
  int64_t drawn;
  void (*lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows,
                         int64_t columns, int64_t begin, int64_t end);
  // dx = dropout(d_low a), what was dropped of x.
  void (*lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns,
                         int64_t begin, int64_t end);
  // A product's right side is packed in panels of so many columns.
  int64_t panel;
  // Packs panels [begin, end) of w, given by its strides: it may be a transposed matrix.
  void (*pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns, float* packed,
                       int64_t begin, int64_t end);
  // A block of a product: rows [row, end_row), at most PRODUCT_ROWS of them, and columns [column, end_column).
  void (*product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column);
  // Columns [column, end_column) of one matrix of a batch; column is a multiple of `panel`.
  void (*batched_product)(const BatchedProduct& product, int64_t matrix, int64_t column, int64_t end_column);
  // How many numbers of scratch memory the two below take for a document of so many tokens.
  int64_t (*pool_scratch)(const TokenPool& pool, int64_t length);
  void (*pool_forward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
  void (*pool_backward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
  // How many numbers of scratch memory the two below take for a head of so many keys.
  int64_t (*attention_scratch)(const Attention& attention, int64_t keys);
  // y = dropout(softmax(scale q k')) v for one head (Vaswani et al., 2017), block by block of queries: what lies
  // between the products never leaves the cache but for the weights before dropout.
  void (*attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
  // dq, dk and dv. By rowsum(dP * P) = rowsum(dO * O) it takes no sum over the weights (Dao et al., FlashAttention,
  // 2022).
  void (*attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
};

// A name that is this set of instructions' own.
#define TSLORA_JOINED(a, b) a##_##b
#define TSLORA_JOIN(a, b) TSLORA_JOINED(a, b)
#define TSLORA_OWN(name) TSLORA_JOIN(name, TSLORA_INSTRUCTIONS_NAME)
#if defined(TSLORA_INSTRUCTIONS_NAME)
void TSLORA_OWN(gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
void TSLORA_OWN(lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank,
                       int64_t columns, int64_t begin, int64_t end, float* scratch);
void TSLORA_OWN(lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows,
                                int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns,
                                int64_t begin, int64_t end);
void TSLORA_OWN(pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns,
                              float* packed, int64_t begin, int64_t end);
void TSLORA_OWN(product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column);
void TSLORA_OWN(batched_product)(const BatchedProduct& product, int64_t matrix, int64_t column, int64_t end_column);
int64_t TSLORA_OWN(pool_scratch)(const TokenPool& pool, int64_t length);
void TSLORA_OWN(pool_forward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
void TSLORA_OWN(pool_backward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
int64_t TSLORA_OWN(attention_scratch)(const Attention& attention, int64_t keys);
void TSLORA_OWN(attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
void TSLORA_OWN(attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
#endif

// For this processor, or those that TSLORA_INSTRUCTIONS names ("baseline", "avx2", "avx512"). Only where they were
// compiled and the processor has them: no operation computes otherwise.
const Kernels& choose_kernels();

}  // namespace tslora

#endif  // TSLORA_KERNELS_H_
