// The kernels of a training step on the processor: products with weights, and the row-wise work between two products,
// fused into one pass over memory. The files of this folder, except parallel.cc, are compiled once for each instruction
// set; operations/ chooses the set and registers the kernels as TensorFlow operations.
#ifndef TSLORA_KERNELS_H_
#define TSLORA_KERNELS_H_

#include <cstdint>

namespace tslora {

// A draw of dropout. Whether an element is dropped depends on the seed, the row and the column alone. The counter of
// Philox 4x32-7 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) holds the row and the block of
// columns. Each of its 32-bit words gives 16 bits to each of two columns; a column is kept if its bits, as a fraction
// of 2^16, are at least the rate.
struct Drop {
  float rate = 0;  // 0: nothing is dropped
  uint32_t seed[2] = {0, 0};
};

// Attention over rows of tokens [rows, width]; each head has head_dim of the columns.
struct Attention {
  const float* q;
  const float* k;
  const float* v;
  float* y;  // [queries, width]; an input of the backward pass
  int64_t width, head_dim;
  float scale;  // of the products of queries and keys
  Drop drop;    // RelativeAttention's backward pass reads the rate alone
  // The backward pass alone:
  const float* dy;
  float* dq;
  float* dk;  // null if not requested
  float* dv;
};

// Number of columns in a row of attention's weights. Rounds `keys` up to whole cache lines, so that loops need no
// remainder.
constexpr int64_t weights_columns(int64_t keys) { return (keys + 15) / 16 * 16; }

// One head of one document: the unit of work. No two units write to the same place.
struct AttentionHead {
  int64_t first_query, queries, first_key, keys;  // rows
  int64_t head;
  int64_t first_draw;  // dropout's row for the first query
  int64_t weights_at;  // offset of the weights of its queries, for RelativeAttention
};

// Number of keys that a query reaches at most; a window of -1 is none.
constexpr int64_t reached_keys(int64_t window, int64_t keys) {
  return window < 0 || keys <= 2 * window ? keys : 2 * window + 1;
}

// Attention with a window or relative terms. A distance is j - i for query i and key j of a document; the first token
// is query 0. A row of weights holds the keys that its query reaches, in weights_columns(reached_keys(...)).
struct RelativeAttention {
  Attention base;
  float* weights;               // negative if dropped; null if no backward pass will follow
  int64_t window;               // the farthest distance that attends; -1: no limit
  const float* bias;            // [heads, 2 bias_reach + 1], an addend of the scaled scores by distance; null if none
  const float* position_key;    // [positions, width], which queries are multiplied by; null if there is none
  const float* position_query;  // [positions, width], which keys are multiplied by; null if there is none
  const int32_t* index;         // [2 index_reach + 1], a row of the positions for each distance; null if there is none
  int64_t bias_reach, positions, index_reach;
  // The backward pass adds to these gradients of its documents; null if not requested.
  float* d_bias;
  float* d_position_key;
  float* d_position_query;
};

// Rotary positions: in each head, element i of the first half and of the second half are rotated by an angle.
struct Rotary {
  const float* x;            // [rows, width]
  const int32_t* positions;  // [rows]
  const float* cosine;       // [positions, head_dim / 2]
  const float* sine;
  float* y;  // [rows, width]
  int64_t width, head_dim;
  bool inverse;  // by the negative angle
};

// GELU, its approximation by tanh, and x times the logistic function of x.
enum class Activation { NONE, GELU, GELU_TANH, SILU };

// Attention with one query per head and document, without computing keys and values: u holds the queries times the
// key's weights, and the caller multiplies `pooled` by the value's weights. Adapters' updates of keys and values are
// inputs.
struct TokenPool {
  const float* u;      // [documents, heads, width]
  const float* x;      // [rows, width]
  const float* q;      // [documents, width], the queries for `key`
  const float* key;    // [rows, width], an addend of the keys; null if there is none
  const float* value;  // [rows, width], an addend of the values; null if there is none
  float* weights;      // as RelativeAttention's: [heads, length] for one document after the other
  int64_t width, heads;
  // The forward pass alone:
  float* pooled;  // [documents, heads, width]
  float* sums;    // [documents, heads], of the kept weights
  float* update;  // [documents, width], of `value`
  // The backward pass alone; gradients that are null are not requested:
  const float* d_pooled;
  const float* d_sums;
  const float* d_update;
  float* du;
  float* dx;  // without the gradients through key and value
  float* dq;
  float* d_key;
  float* d_value;
};

// A document of a TokenPool: the unit of work.
struct PooledDocument {
  int64_t index, first_row, length;
  Drop drop;           // of its group
  int64_t first_draw;  // dropout's row for the first head
  int64_t weights_at;
};

// The ways to multiply numbers that are rounded to bfloat16 and to sum the products in 32 bits. Each has an order of
// its own in which it sums, and an emulation with the same results bit for bit.
enum class Bf16Method {
  PAIRS,           // two products at a time: AVX512-BF16
  BLOCKS,          // blocks of 16 rows, 16 columns and 32 products: AMX
  EMULATED_PAIRS,  // the same sums in plain C++
  EMULATED_BLOCKS,
};
constexpr int64_t BF16_DEPTH = 32;  // the depth of a matrix in bfloat16 is padded to a multiple of it

// Two matrices to multiply.
struct Factors {
  const float* x;  // [rows, depth]
  const float* w;  // [depth, columns], packed
  int64_t depth;   // 0 if there are none
  // Whether both are rounded to bfloat16. Each float of w then holds a pair, rows 2 k and 2 k + 1 of a column, the
  // first in its low half: [panels, padded depth / 2, panel].
  bool bf16;
};
constexpr int MOST_FACTORS = 3, MOST_PLUS = 4;

// y = a(sum of x w + bias + plus) * times, where a is an activation or the identity; bias is [columns], the others are
// [rows, columns], and each may be null.
struct Product {
  Factors factors[MOST_FACTORS];
  int64_t columns;
  Bf16Method method;  // of factors in bfloat16
  const float* bias;
  const float* plus[MOST_PLUS];
  const float* times;
  float* y;
  Activation activation;
  float* derivative;  // of the activation
};

// A block of a product: its place among the rows and columns.
struct ProductBlock {
  int64_t row, rows, column, columns;
};

// The sums of a block so far, which a product is added to, with the distance between two rows. A new one holds no sums
// yet.
struct Sums {
  float* at;
  int64_t row;
  bool is_new;
};
constexpr int64_t PRODUCT_ROWS = 56;             // most rows in a block of a product
constexpr int64_t PANELS = 96;                   // the first column of a block is a multiple of it
constexpr int64_t PRODUCT_COLUMNS = 8 * PANELS;  // most columns in a block
// Whether a block of a product copies its rows. Rows that lie a multiple of a page apart evict one another from the
// cache.
constexpr bool product_copies(int64_t depth) { return depth % 1024 == 0; }

// The ways to multiply 8-bit integers. All give the same sums; each has a layout of its own for packed weights.
enum class Int8Method {
  SCALAR,           // one product after the other: the definition
  PAIRS,            // products of 16-bit integers, summed two by two: SSE2 and wider
  BYTE_PAIRS,       // products of 8-bit integers, summed two by two in 16 bits: AVX2, AVX-512
  QUADS,            // products of 8-bit integers, summed four by four: AVX512-VNNI, AVX-VNNI
  EMULATED_QUADS,   // the same in plain C++
  BLOCKS,           // products of 8-bit integers, 16 rows and columns at a time: AMX
  EMULATED_BLOCKS,  // the same in plain C++
};
// The layout of a packed weight: the rows that lie side by side, and the number that the depth is padded to a multiple
// of.
struct Int8Layout {
  int64_t group, padding;
};
// Two neighbours of a channel have magnitudes that add up to at most this, so that BYTE_PAIRS cannot saturate.
constexpr int MOST_PAIR = 128;
constexpr int64_t MOST_INT8_DEPTH = 65536;  // 65536 * 255 * 127 fits in 32 bits

// A weight [columns, depth] in 8 bits, by output channel: w = scale * q with q from -127 to 127, and MOST_PAIR.
struct Int8Weights {
  const int8_t* packed;  // [panels, groups, panel, group]: groups of rows, as `method` wants them
  const float* scales;   // [columns]; 0 for a channel of zeros, NaN for one with a number that is not finite
  const float* totals;   // [columns], the sums of q
  int64_t depth, columns;
  Int8Method method;
};

// A row in 8 bits: x = low + step * u with u from 0 to 255. A row with a number that is not finite has a low of NaN.
struct Int8Row {
  float low, step;
};

// y = a(x w' + bias + low + plus), where a is an activation or the identity. x is quantized row by row.
struct Int8Product {
  const float* x;  // [rows, depth]
  Int8Weights weights;
  const float* bias;  // [columns]
  Factors low;        // a low-rank update in 32-bit floats, packed as Product's; its depth is 0 if there is none
  const float* plus;  // [rows, columns], or null
  float* y;           // [rows, columns]
  Activation activation;
};

// c = a b, matrix by matrix, for matrices that are used once: a [matrices, rows, depth], b [matrices, depth, columns],
// c [matrices, rows, columns]; a and b may be stored transposed.
struct BatchedProduct {
  const float* a;
  const float* b;
  float* c;
  int64_t rows, depth, columns;
  bool transpose_a, transpose_b;
};

// Each kernel works on rows [begin, end). Matrices are row-major and dense. The output may be the input if the comment
// says "or in place".
struct Kernels {
  // y = x Phi(x), or in place; derivative, if not null, = Phi(x) + x phi(x). Here begin and end count elements.
  void (*gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
  // The same for every activation.
  void (*activate)(Activation activation, const float* x, float* y, float* derivative, int64_t begin, int64_t end);
  // y = a(the first half of x's columns) times the second half: x [rows, 2 columns], y [rows, columns].
  void (*gated)(Activation activation, const float* x, float* y, int64_t columns, int64_t begin, int64_t end);
  // The gradient of x.
  void (*gated_backward)(Activation activation, const float* dy, const float* x, float* dx, int64_t columns,
                         int64_t begin, int64_t end);
  void (*rotary)(const Rotary& rotary, int64_t begin, int64_t end);
  // y = x / (1 - rate) if kept, else 0; or in place.
  void (*dropout)(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // 1 if a column is kept, else 0.
  void (*keep_mask)(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
  // s = residual + dropout(x), residual may be null; normalized = (s - mean) / deviation,
  // y = normalized * gamma + beta.
  void (*residual_norm)(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon,
                        Drop drop, float* y, float* normalized, float* inverse_deviation, int64_t columns,
                        int64_t begin, int64_t end);
  // The gradient of s, and that of x if dx is not null.
  void (*residual_norm_backward)(const float* dy, const float* gamma, const float* normalized,
                                 const float* inverse_deviation, Drop drop, float* ds, float* dx, int64_t columns,
                                 int64_t begin, int64_t end);
  // low = scaling dropout(x) a': x [rows, columns], a [rank, columns], low [rows, rank]. scratch [columns] is used if
  // the rate is above 0.
  void (*lower)(const float* x, const float* a, float scaling, Drop drop, float* low, int64_t rank, int64_t columns,
                int64_t begin, int64_t end, float* scratch);
  // da = d_low' dropout(x) in blocks of `drawn` columns: blocks [begin, end).
  int64_t drawn;
  void (*lower_gradient)(const float* d_low, const float* x, Drop drop, float* da, int64_t rank, int64_t rows,
                         int64_t columns, int64_t begin, int64_t end);
  // dx = dropout(d_low a), dropped as x was.
  void (*lower_backward)(const float* d_low, const float* a, Drop drop, float* dx, int64_t rank, int64_t columns,
                         int64_t begin, int64_t end);
  // Number of columns in a panel of a product's packed right side.
  int64_t panel;
  // Packs panels [begin, end) of w. `row` and `column` are w's strides, so w may be stored transposed.
  void (*pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns, float* packed,
                       int64_t begin, int64_t end);
  // One block of a product: rows [row, end_row), at most PRODUCT_ROWS, and columns [column, end_column).
  void (*product)(const Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column);
  // Columns [column, end_column) of one matrix of a batch; column is a multiple of `panel`.
  void (*batched_product)(const BatchedProduct& product, int64_t matrix, int64_t column, int64_t end_column);
  // The methods for bfloat16 that are compiled in, as a sum of 2^method. The processor may lack their instructions.
  int (*bf16_methods)();
  // As pack_columns, rounded to bfloat16.
  void (*bf16_pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns, float* packed,
                            int64_t begin, int64_t end);
  // The methods that this processor has, as a sum of 2^method.
  int (*int8_methods)();
  Int8Layout (*int8_layout)(Int8Method method);
  // Quantizes panels [begin, end) of w [columns, depth].
  void (*int8_pack)(const Int8Weights& weights, const float* w, Int8Layout layout, int8_t* packed, float* scales,
                    float* totals, int64_t begin, int64_t end);
  // scale * q for rows [begin, end) of w [columns, depth].
  void (*int8_unpack)(const Int8Weights& weights, Int8Layout layout, float* w, int64_t begin, int64_t end);
  // Size of the scratch memory, in floats, that a block of the next one needs.
  int64_t (*int8_scratch)(int64_t depth);
  // One block of a product, as `product`; any end_column.
  void (*int8_product)(const Int8Product& product, int64_t row, int64_t end_row, int64_t column, int64_t end_column,
                       float* scratch);
  // Size of the scratch memory, in floats, that the next two need for a document of `length` tokens.
  int64_t (*pool_scratch)(const TokenPool& pool, int64_t length);
  void (*pool_forward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
  void (*pool_backward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
  // Size of the scratch memory, in floats, that the next two need for a head with `keys` keys.
  int64_t (*attention_scratch)(const Attention& attention, int64_t keys);
  // y = dropout(softmax(scale q k')) v for one head (Vaswani et al., 2017), block by block of queries. The weights do
  // not leave the cache.
  void (*attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
  // dq, dk and dv. It makes the weights and the draws again, and since rowsum(dP * P) = rowsum(dO * O), it needs no sum
  // over the weights (Dao et al., FlashAttention, 2022).
  void (*attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
  // The same with a window or relative terms (He et al., DeBERTa, 2021). Of each block of queries only the keys that it
  // reaches are read.
  int64_t (*relative_scratch)(const RelativeAttention& relative, int64_t keys);
  void (*relative_forward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch);
  void (*relative_backward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch);
};

// A name with the instruction set as its suffix.
#define TSLORA_JOINED(a, b) a##_##b
#define TSLORA_JOIN(a, b) TSLORA_JOINED(a, b)
#define TSLORA_OWN(name) TSLORA_JOIN(name, TSLORA_INSTRUCTIONS_NAME)
#if defined(TSLORA_INSTRUCTIONS_NAME)
void TSLORA_OWN(gelu)(const float* x, float* y, float* derivative, int64_t begin, int64_t end);
void TSLORA_OWN(activate)(Activation activation, const float* x, float* y, float* derivative, int64_t begin,
                          int64_t end);
void TSLORA_OWN(gated)(Activation activation, const float* x, float* y, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(gated_backward)(Activation activation, const float* dy, const float* x, float* dx, int64_t columns,
                                int64_t begin, int64_t end);
void TSLORA_OWN(rotary)(const Rotary& rotary, int64_t begin, int64_t end);
void TSLORA_OWN(dropout)(const float* x, Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(keep_mask)(Drop drop, float* y, int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(residual_norm)(const float* x, const float* residual, const float* gamma, const float* beta,
                               float epsilon, Drop drop, float* y, float* normalized, float* inverse_deviation,
                               int64_t columns, int64_t begin, int64_t end);
void TSLORA_OWN(residual_norm_backward)(const float* dy, const float* gamma, const float* normalized,
                                        const float* inverse_deviation, Drop drop, float* ds, float* dx,
                                        int64_t columns, int64_t begin, int64_t end);
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
int TSLORA_OWN(bf16_methods)();
void TSLORA_OWN(bf16_pack_columns)(const float* w, int64_t row, int64_t column, int64_t depth, int64_t columns,
                                   float* packed, int64_t begin, int64_t end);
void TSLORA_OWN(bf16_multiply)(const Factors& factors, Bf16Method method, const ProductBlock& block, Sums sums);
int TSLORA_OWN(int8_methods)();
Int8Layout TSLORA_OWN(int8_layout)(Int8Method method);
Int8Row TSLORA_OWN(int8_quantize)(const float* x, int64_t depth, int64_t padded, uint8_t* u);
Int8Row TSLORA_OWN(int8_quantize_wide)(const float* x, int64_t depth, int64_t padded, int16_t* u);
void TSLORA_OWN(int8_dequantize)(const int32_t* sums, Int8Row row, const float* scales, const float* totals,
                                 const float* bias, int64_t columns, float* y);
void TSLORA_OWN(int8_pack)(const Int8Weights& weights, const float* w, Int8Layout layout, int8_t* packed, float* scales,
                           float* totals, int64_t begin, int64_t end);
void TSLORA_OWN(int8_unpack)(const Int8Weights& weights, Int8Layout layout, float* w, int64_t begin, int64_t end);
int64_t TSLORA_OWN(int8_scratch)(int64_t depth);
void TSLORA_OWN(int8_product)(const Int8Product& product, int64_t row, int64_t end_row, int64_t column,
                              int64_t end_column, float* scratch);
int64_t TSLORA_OWN(pool_scratch)(const TokenPool& pool, int64_t length);
void TSLORA_OWN(pool_forward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
void TSLORA_OWN(pool_backward)(const TokenPool& pool, const PooledDocument& document, float* scratch);
int64_t TSLORA_OWN(attention_scratch)(const Attention& attention, int64_t keys);
void TSLORA_OWN(attention_forward)(const Attention& attention, const AttentionHead& head, float* scratch);
void TSLORA_OWN(attention_backward)(const Attention& attention, const AttentionHead& head, float* scratch);
int64_t TSLORA_OWN(relative_scratch)(const RelativeAttention& relative, int64_t keys);
void TSLORA_OWN(relative_forward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch);
void TSLORA_OWN(relative_backward)(const RelativeAttention& relative, const AttentionHead& head, float* scratch);
#endif

}  // namespace tslora

#endif  // TSLORA_KERNELS_H_
