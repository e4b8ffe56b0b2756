// The kernels as TensorFlow's operations on the CPU, by its C API: registered when the binding is loaded.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <string>
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace tslora {

// Null where the binding was linked without a set.
extern const Kernels kernels_baseline __attribute__((weak));
#if defined(__x86_64__)
extern const Kernels kernels_avx2 __attribute__((weak)), kernels_avx512 __attribute__((weak));
#endif

namespace {

// A set of instructions: whether this processor has it, and the kernels that were compiled for it.
struct InstructionSet {
  const char* name;
  bool here;
  const Kernels* kernels;
};

const std::vector<InstructionSet>& instruction_sets() {
  static const std::vector<InstructionSet> sets = [] {
    std::vector<InstructionSet> found = {{"baseline", true, &kernels_baseline}};
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    found.push_back({"avx2", avx2, &kernels_avx2});
    found.push_back({"avx512", avx512, &kernels_avx512});
#endif
    return found;
  }();
  return sets;
}

// The place of the set that is asked for: TSLORA_INSTRUCTIONS's, or the widest that the processor has. -1 where
// TSLORA_INSTRUCTIONS names none.
int asked_set() {
  const std::vector<InstructionSet>& sets = instruction_sets();
  const char* wish = std::getenv("TSLORA_INSTRUCTIONS");
  for (int i = static_cast<int>(sets.size()) - 1; i >= 0; --i) {
    if (wish == nullptr || *wish == 0 ? sets[i].here : std::strcmp(wish, sets[i].name) == 0) return i;
  }
  return -1;
}

// The kernels that are asked for, or null: another set never takes their place.
const Kernels* find_kernels() {
  static const Kernels* const found = [] {
    const int asked = asked_set();
    return asked >= 0 && instruction_sets()[asked].here ? instruction_sets()[asked].kernels : nullptr;
  }();
  return found;
}

}  // namespace

const Kernels& choose_kernels() { return *find_kernels(); }

namespace {

// The most numbers that a tensor may have here: products of two such sizes and a few small factors fit into 64 bits.
constexpr int64_t MOST_NUMBERS = int64_t{1} << 40;
constexpr size_t MOST_AXES = 8;

// The product of sizes; -1 where one is negative or it is beyond MOST_NUMBERS.
int64_t count_of(std::initializer_list<int64_t> sizes) {
  int64_t count = 1;
  bool fits = true;
  for (const int64_t size : sizes) {
    fits = fits && size >= 0 && !__builtin_mul_overflow(count, size, &count) && count <= MOST_NUMBERS;
    if (!fits) return -1;
  }
  return count;
}

// What an operation's kernel keeps: its attributes.
struct Attributes {
  float rate = 0, epsilon = 0, scale = 1;
  int32_t heads = 1, columns = 1;
  bool transpose = false, transpose_a = false, transpose_b = false, gelu = false, derivative = false,
       first_token = false, keep = false, needs_key = false, needs_input = false;
};

// One call of an operation: its inputs, and its outputs as they are made. The first error is TensorFlow's.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    TF_DeleteStatus(status_);
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  TF_Tensor* input(int i) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, i, &tensor, status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }

  // Null where its size is out of bounds: TensorFlow ends the process over such a shape.
  TF_Tensor* output(int i, const std::vector<int64_t>& shape) {
    int64_t size = 1;
    for (const int64_t extent : shape) size = size < 0 ? size : count_of({size, extent});
    if (!expect(size >= 0 && shape.size() <= MOST_AXES,
                "an output must have at most 8 axes and 2^40 numbers; its inputs ask for more"))
      return nullptr;
    TF_Tensor* tensor = TF_AllocateOutput(context_, i, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                          static_cast<size_t>(size) * sizeof(float), status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return ok() ? tensor : nullptr;
  }

  // The numbers of an output that may not be asked for: null, and a tensor of one number in its place, where it is not.
  float* optional_output(int i, bool asked, const std::vector<int64_t>& shape) {
    TF_Tensor* tensor = output(i, asked ? shape : std::vector<int64_t>{1});
    if (tensor == nullptr) return nullptr;
    float* numbers = static_cast<float*>(TF_TensorData(tensor));
    if (asked) return numbers;
    numbers[0] = 0;
    return nullptr;
  }

  // What must hold of inputs and attributes; a fault of tslora's where it does not.
  bool expect(bool holds, const char* what) {
    if (!holds && ok()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, what);
    return holds && ok();
  }

  void out_of_memory() {
    if (ok()) TF_SetStatus(status_, TF_RESOURCE_EXHAUSTED, "memory for a kernel's scratch space could not be had");
  }

 private:
  TF_OpKernelContext* const context_;
  TF_Status* const status_;
  std::vector<TF_Tensor*> held_;
};

float* floats(TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }
int32_t* ints(TF_Tensor* tensor) { return static_cast<int32_t*>(TF_TensorData(tensor)); }

std::vector<int64_t> shape_of(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(static_cast<size_t>(TF_NumDims(tensor)));
  for (size_t axis = 0; axis < shape.size(); ++axis) shape[axis] = TF_Dim(tensor, static_cast<int>(axis));
  return shape;
}

int64_t size_of(const TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }
int64_t columns_of(const TF_Tensor* tensor) {
  return TF_NumDims(tensor) == 0 ? 1 : TF_Dim(tensor, TF_NumDims(tensor) - 1);
}
int64_t rows_of(const TF_Tensor* tensor) { return columns_of(tensor) == 0 ? 0 : size_of(tensor) / columns_of(tensor); }

// How many pieces of a size, the last of which may be smaller, make a whole.
int64_t pieces(int64_t whole, int64_t size) { return (whole + size - 1) / size; }

bool has_axes(const TF_Tensor* tensor, int axes) { return TF_NumDims(tensor) == axes; }
bool has_shape(const TF_Tensor* tensor, std::initializer_list<int64_t> shape) {
  return shape_of(tensor) == std::vector<int64_t>(shape);
}

// A draw of dropout; an error where the seed is not two numbers.
Drop drop_of(Call& call, const Attributes& attributes, TF_Tensor* seed) {
  Drop drop;
  if (!call.expect(has_axes(seed, 1) && size_of(seed) == 2, "a seed must be two numbers [2]")) return drop;
  drop.rate = attributes.rate;
  std::memcpy(drop.seed, TF_TensorData(seed), sizeof drop.seed);
  return drop;
}

// What holds of every operation's attributes, whichever it has.
bool expect_attributes(const Attributes& attributes, Call& call) {
  return call.expect(attributes.rate >= 0 && attributes.rate < 1,
                     "rate must be at least 0 and below 1") &&  // not so NaN
         call.expect(attributes.epsilon >= 0 && std::isfinite(attributes.epsilon),
                     "epsilon must be a number of at least 0") &&
         call.expect(std::isfinite(attributes.scale), "scale must be a finite number") &&
         call.expect(attributes.heads > 0, "heads must be at least 1") &&
         call.expect(attributes.columns > 0, "columns must be at least 1");
}

// x [...] -> y, derivative (of one number where it is not asked for).
void gelu(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* y = call.output(0, shape_of(x));
  float* derivative = call.optional_output(1, attributes.derivative, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(size_of(x), 8, [&](int64_t begin, int64_t end) {
    choose_kernels().gelu(floats(x), floats(y), derivative, begin, end);
  });
}

// Memory of the thread's own for so many numbers. The kernels themselves take none: what a library gives for it would
// be compiled with them for instructions that not every processor has. Null where there is no memory for them.
float* scratch_of(int64_t numbers) {
  thread_local std::vector<float> scratch;
  try {
    if (scratch.size() < static_cast<size_t>(numbers)) scratch.resize(static_cast<size_t>(numbers));
  } catch (const std::exception&) {  // bad_alloc, or length_error
    return nullptr;
  }
  return scratch.data();
}

// x [rows, columns], a [rank, columns], seed -> low [rows, rank].
void lower(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* a = call.input(1);
  const Drop drop = drop_of(call, attributes, call.input(2));
  const int64_t rank = rows_of(a), columns = columns_of(x);
  if (!call.expect(has_axes(x, 2) && has_axes(a, 2) && columns > 0 && columns_of(a) == columns && rank > 0,
                   "TsloraLower: x [rows, columns] and a [rank, columns] were expected, with columns and rank above 0"))
    return;
  TF_Tensor* low = call.output(0, {rows_of(x), rank});
  if (!call.ok()) return;
  std::atomic<bool> failed{false};
  parallel_rows(rows_of(x), columns * (rank + 4), [&](int64_t begin, int64_t end) {
    float* scratch = scratch_of(columns);
    if (scratch == nullptr)
      failed = true;
    else
      choose_kernels().lower(floats(x), floats(a), attributes.scale, drop, floats(low), rank, columns, begin, end,
                             scratch);
  });
  if (failed) call.out_of_memory();
}

// d_low [rows, rank], x [rows, columns], seed -> da [rank, columns].
void lower_gradient(const Attributes& attributes, Call& call) {
  TF_Tensor* d_low = call.input(0);
  TF_Tensor* x = call.input(1);
  const Drop drop = drop_of(call, attributes, call.input(2));
  const int64_t rank = columns_of(d_low), rows = rows_of(x), columns = columns_of(x), drawn = choose_kernels().drawn;
  if (!call.expect(
          has_axes(d_low, 2) && has_axes(x, 2) && rows_of(d_low) == rows && rows > 0 && rank > 0 && columns > 0,
          "TsloraLowerGradient: d_low [rows, rank] and x [rows, columns] were expected, none of them empty"))
    return;
  TF_Tensor* da = call.output(0, {rank, columns});
  if (!call.ok()) return;
  parallel_rows(pieces(columns, drawn), rows * drawn * (rank + 4), [&](int64_t begin, int64_t end) {
    choose_kernels().lower_gradient(floats(d_low), floats(x), drop, floats(da), rank, rows, columns, begin, end);
  });
}

// d_low [rows, rank], a [rank, columns], seed -> dx [rows, columns].
void lower_backward(const Attributes& attributes, Call& call) {
  TF_Tensor* d_low = call.input(0);
  TF_Tensor* a = call.input(1);
  const Drop drop = drop_of(call, attributes, call.input(2));
  const int64_t rank = columns_of(d_low), columns = columns_of(a);
  if (!call.expect(
          has_axes(d_low, 2) && has_axes(a, 2) && rank > 0 && columns > 0 && rows_of(a) == rank,
          "TsloraLowerBackward: d_low [rows, rank] and a [rank, columns] were expected, with rank and columns above 0"))
    return;
  TF_Tensor* dx = call.output(0, {rows_of(d_low), columns});
  if (!call.ok()) return;
  parallel_rows(rows_of(d_low), columns * (rank + 4), [&](int64_t begin, int64_t end) {
    choose_kernels().lower_backward(floats(d_low), floats(a), drop, floats(dx), rank, columns, begin, end);
  });
}

// w [depth, columns], or its transpose -> packed [panels, depth, panel].
void pack(const Attributes& attributes, Call& call) {
  TF_Tensor* w = call.input(0);
  if (!call.expect(has_axes(w, 2) && size_of(w) > 0, "TsloraPack: a matrix of at least one number was expected"))
    return;
  const int64_t depth = TF_Dim(w, attributes.transpose ? 1 : 0), columns = TF_Dim(w, attributes.transpose ? 0 : 1),
                panel = choose_kernels().panel;
  const int64_t panels = pieces(columns, panel);
  TF_Tensor* packed = call.output(0, {panels, depth, panel});
  if (!call.ok()) return;
  parallel_rows(panels, depth * panel, [&](int64_t begin, int64_t end) {
    choose_kernels().pack_columns(floats(w), attributes.transpose ? 1 : columns, attributes.transpose ? depth : 1,
                                  depth, columns, floats(packed), begin, end);
  });
}

// x [rows, depth] and w packed, and two more of each, of depths of their own; bias, the four that are added and the one
// that is multiplied by; but for the first x and w one number may be in the place of each -> y [rows, columns],
// derivative (of one number where it is not asked for).
void product(const Attributes& attributes, Call& call) {
  const int64_t rows = rows_of(call.input(0)), columns = attributes.columns, panel = choose_kernels().panel;
  bool fits = true;
  int next = 0;
  const auto factors = [&]() -> Factors {
    TF_Tensor* x = call.input(next++);
    TF_Tensor* w = call.input(next++);
    const int64_t depth = columns_of(x);
    if (next > 2 && TF_NumDims(x) == 0 && TF_NumDims(w) == 0) return {nullptr, nullptr, 0};
    fits = fits && has_axes(x, 2) && depth > 0 && rows_of(x) == rows && TF_NumDims(w) == 3 &&
           TF_Dim(w, 0) == pieces(columns, panel) && TF_Dim(w, 1) == depth && TF_Dim(w, 2) == panel;
    return {floats(x), floats(w), depth};
  };
  const auto given = [&](std::initializer_list<int64_t> shape) -> const float* {
    TF_Tensor* tensor = call.input(next++);
    if (TF_NumDims(tensor) == 0) return nullptr;
    fits = fits && has_shape(tensor, shape);
    return floats(tensor);
  };
  Product product{};
  for (Factors& pair : product.factors) pair = factors();
  product.columns = columns;
  product.bias = given({columns});
  for (const float*& part : product.plus) part = given({rows, columns});
  product.times = given({rows, columns});
  product.gelu = attributes.gelu;
  if (!call.expect(attributes.gelu || !attributes.derivative,
                   "TsloraProduct: a derivative is GELU's, and there is none"))
    return;
  if (!call.expect(fits,
                   "TsloraProduct: x [rows, depth], w [depth, columns] packed, a bias by columns and all else [rows, "
                   "columns] were expected"))
    return;
  TF_Tensor* y = call.output(0, {rows, columns});
  product.derivative = call.optional_output(1, attributes.derivative, {rows, columns});
  if (!call.ok()) return;
  product.y = floats(y);
  if (rows == 0) return;
  // Blocks of rows, as many for each thread, each in blocks of columns: wide ones where rows are copied for each,
  // narrow ones where there are few.
  const int64_t threads = parallel_threads();
  const int64_t blocks = pieces(rows, threads * PRODUCT_ROWS) * threads;
  const bool copies = std::any_of(std::begin(product.factors), std::end(product.factors), [](const Factors& factors) {
    return factors.depth > 0 && product_copies(factors.depth);
  });
  const int64_t wide = (copies ? 8 : 4) * PANELS;
  const int64_t width = blocks * pieces(columns, wide) < 16 ? PANELS : wide;
  const int64_t across = pieces(columns, width);
  parallel_parts(blocks * across, [&](int64_t part) {
    const int64_t block = part / across, column = part % across * width;
    choose_kernels().product(product, rows * block / blocks, rows * (block + 1) / blocks, column,
                             std::min(columns, column + width));
  });
}

// a [..., rows, depth] and b [..., depth, columns], or their transposes -> c [..., rows, columns].
void batched_product(const Attributes& attributes, Call& call) {
  TF_Tensor* a = call.input(0);
  TF_Tensor* b = call.input(1);
  std::vector<int64_t> shape = shape_of(a), other = shape_of(b);
  const size_t axes = shape.size();
  bool fits = axes >= 2 && other.size() == axes && std::equal(shape.begin(), shape.end() - 2, other.begin());
  int64_t rows = 0, depth = 0, columns = 0;
  if (fits) {
    rows = shape[axes - (attributes.transpose_a ? 1 : 2)], depth = shape[axes - (attributes.transpose_a ? 2 : 1)];
    columns = other[axes - (attributes.transpose_b ? 2 : 1)];
    fits = depth > 0 && other[axes - (attributes.transpose_b ? 1 : 2)] == depth;
  }
  if (!call.expect(
          fits,
          "TsloraBatchedProduct: a [..., rows, depth] and b [..., depth, columns] of as many matrices were expected"))
    return;
  shape[axes - 2] = rows, shape[axes - 1] = columns;
  TF_Tensor* c = call.output(0, shape);
  if (!call.ok() || size_of(c) == 0) return;
  const BatchedProduct product{
      floats(a), floats(b), floats(c), rows, depth, columns, attributes.transpose_a, attributes.transpose_b};
  const int64_t across = pieces(columns, PANELS), matrices = size_of(c) / (rows * columns);
  parallel_rows(matrices * across, depth * (rows + std::min(columns, PANELS)), [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const int64_t column = part % across * PANELS;
      choose_kernels().batched_product(product, part / across, column, std::min(columns, column + PANELS));
    }
  });
}

// x [..., columns], seed [2] -> y.
void dropout(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  const Drop drop = drop_of(call, attributes, call.input(1));
  TF_Tensor* y = call.output(0, shape_of(x));
  if (!call.ok()) return;
  parallel_rows(rows_of(x), columns_of(x), [&](int64_t begin, int64_t end) {
    choose_kernels().dropout(floats(x), drop, floats(y), columns_of(x), begin, end);
  });
}

// shape [axes], seed [2] -> the mask.
void keep_mask(const Attributes& attributes, Call& call) {
  TF_Tensor* shape = call.input(0);
  const Drop drop = drop_of(call, attributes, call.input(1));
  if (!call.expect(has_axes(shape, 1) && size_of(shape) <= static_cast<int64_t>(MOST_AXES),
                   "TsloraKeepMask: a shape of at most 8 sizes was expected"))
    return;
  TF_Tensor* y = call.output(0, std::vector<int64_t>(ints(shape), ints(shape) + size_of(shape)));
  if (!call.ok()) return;
  parallel_rows(rows_of(y), columns_of(y), [&](int64_t begin, int64_t end) {
    choose_kernels().keep_mask(drop, floats(y), columns_of(y), begin, end);
  });
}

// x, residual (or one number), gamma, beta, seed -> y, normalized, inverse deviation [..., 1].
void residual_norm(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* residual = call.input(1);
  TF_Tensor* gamma = call.input(2);
  TF_Tensor* beta = call.input(3);
  const Drop drop = drop_of(call, attributes, call.input(4));
  const bool has_residual = TF_NumDims(residual) > 0;
  if (!call.expect(TF_NumDims(x) > 0 && columns_of(x) > 0 && (!has_residual || shape_of(residual) == shape_of(x)) &&
                       has_axes(gamma, 1) && has_axes(beta, 1) && size_of(gamma) == columns_of(x) &&
                       size_of(beta) == columns_of(x),
                   "TsloraResidualNorm: x and residual of one shape, gamma and beta of as many numbers as they have "
                   "columns were expected"))
    return;
  std::vector<int64_t> ones = shape_of(x);
  ones.back() = 1;
  TF_Tensor* y = call.output(0, shape_of(x));
  TF_Tensor* normalized = call.output(1, shape_of(x));
  TF_Tensor* inverse = call.output(2, ones);
  if (!call.ok()) return;
  parallel_rows(rows_of(x), columns_of(x) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm(floats(x), has_residual ? floats(residual) : nullptr, floats(gamma), floats(beta),
                                   attributes.epsilon, drop, floats(y), floats(normalized), floats(inverse),
                                   columns_of(x), begin, end);
  });
}

// dy, gamma, normalized, inverse deviation, seed -> ds, dx (of one number without dropout).
void residual_norm_backward(const Attributes& attributes, Call& call) {
  TF_Tensor* dy = call.input(0);
  TF_Tensor* gamma = call.input(1);
  TF_Tensor* normalized = call.input(2);
  TF_Tensor* inverse = call.input(3);
  const Drop drop = drop_of(call, attributes, call.input(4));
  if (!call.expect(TF_NumDims(dy) > 0 && columns_of(dy) > 0 && shape_of(normalized) == shape_of(dy) &&
                       has_axes(gamma, 1) && size_of(gamma) == columns_of(dy) && columns_of(inverse) == 1 &&
                       TF_NumDims(inverse) == TF_NumDims(dy) && size_of(inverse) == rows_of(dy),
                   "TsloraResidualNormBackward: dy and normalized of one shape, gamma by columns, deviations by rows "
                   "were expected"))
    return;
  TF_Tensor* ds = call.output(0, shape_of(dy));
  float* dx = call.optional_output(1, drop.rate > 0, shape_of(dy));
  if (!call.ok()) return;
  parallel_rows(rows_of(dy), columns_of(dy) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm_backward(floats(dy), floats(gamma), floats(normalized), floats(inverse), drop,
                                            floats(ds), dx, columns_of(dy), begin, end);
  });
}

// Groups of documents of one length, as rows [first row, first document, documents, length]: one behind the other.
struct Groups {
  const int32_t* rows = nullptr;
  int64_t count = 0;
  int64_t documents = 0, tokens = 0, longest = 0;  // of all of them
};

// An error where a group does not begin where the one before it ends: no two units of work may write to one place, and
// nothing may be left out.
bool read_groups(Call& call, TF_Tensor* layout, Groups& groups) {
  if (!call.expect(has_axes(layout, 2) && TF_Dim(layout, 1) == 4, "groups [groups, 4] were expected")) return false;
  groups.rows = ints(layout);
  groups.count = TF_Dim(layout, 0);
  for (int64_t i = 0; i < groups.count; ++i) {
    const int32_t* group = groups.rows + 4 * i;
    const bool fits = group[0] == groups.tokens && group[1] == groups.documents && group[2] > 0 && group[3] > 0 &&
                      groups.tokens <= MOST_NUMBERS;
    if (!call.expect(
            fits,
            "groups of at least one document and token were expected, each beginning where the one before it ends"))
      return false;
    groups.documents += group[2];
    groups.tokens += int64_t{group[2]} * group[3];
    groups.longest = std::max<int64_t>(groups.longest, group[3]);
  }
  return true;
}

// Groups as heads to work on; the longest come first, for the threads to be done at one time.
struct Work {
  std::vector<AttentionHead> heads;
  int64_t weights = 0;
};

// Groups are known to fit the queries and keys, which bounds the heads. -1 weights: more than a tensor may have.
Work work_of(const Groups& groups, const Attributes& attributes) {
  Work work;
  int64_t draw = 0;
  const int32_t* group = groups.rows;
  for (int64_t i = 0; i < groups.count; ++i, group += 4) {
    const int64_t first_row = group[0], first_document = group[1], documents = group[2], length = group[3];
    const int64_t queries = attributes.first_token ? 1 : length;
    const int64_t of_group = count_of({documents, attributes.heads, queries, weights_columns(length)});
    if (of_group < 0 || work.weights + of_group > MOST_NUMBERS) {
      work.weights = -1;
      return work;
    }
    for (int64_t document = 0; document < documents; ++document) {
      for (int64_t head = 0; head < attributes.heads; ++head) {
        const int64_t first_query = attributes.first_token ? first_document + document : first_row + document * length;
        work.heads.push_back({first_query, queries, first_row + document * length, length, head, draw, work.weights});
        draw += queries;
        work.weights += queries * weights_columns(length);
      }
    }
  }
  std::stable_sort(work.heads.begin(), work.heads.end(),
                   [](const AttentionHead& a, const AttentionHead& b) { return a.keys > b.keys; });
  return work;
}

// Calls of_unit for every unit of work, with scratch memory for so many numbers.
template <typename Whole, typename Unit>
void each_unit(Call& call, const std::vector<Unit>& units, const Whole& whole, int64_t room,
               void (*of_unit)(const Whole&, const Unit&, float*)) {
  std::atomic<bool> failed{false};
  parallel_parts(static_cast<int64_t>(units.size()), [&](int64_t part) {
    float* scratch = scratch_of(room);
    if (scratch == nullptr)
      failed = true;
    else
      of_unit(whole, units[static_cast<size_t>(part)], scratch);
  });
  if (failed) call.out_of_memory();
}

// Whether q, k and v are matrices with rows by the groups, and heads divide their columns.
bool fits_attention(TF_Tensor* q, TF_Tensor* k, TF_Tensor* v, const Groups& groups, const Attributes& attributes) {
  if (!has_axes(q, 2) || !has_axes(k, 2) || !has_axes(v, 2)) return false;
  const int64_t width = TF_Dim(q, 1), queries = attributes.first_token ? groups.documents : groups.tokens;
  return width > 0 && width % attributes.heads == 0 && TF_Dim(k, 1) == width && TF_Dim(v, 1) == width &&
         TF_Dim(q, 0) == queries && TF_Dim(k, 0) == groups.tokens && TF_Dim(v, 0) == groups.tokens;
}

// q [queries, width], k and v [keys, width], groups [groups, 4], seed -> y [queries, width] and the weights, one head
// of a document behind the other (of one number where none are to be kept).
void attention(const Attributes& attributes, Call& call) {
  TF_Tensor* q = call.input(0);
  TF_Tensor* k = call.input(1);
  TF_Tensor* v = call.input(2);
  Groups groups;
  if (!read_groups(call, call.input(3), groups)) return;
  const int64_t width = columns_of(q);
  if (!call.expect(fits_attention(q, k, v, groups, attributes),
                   "TsloraAttention: rows by the groups and heads that divide them were expected"))
    return;
  if (!call.expect(attributes.scale > 0, "TsloraAttention: scale must be above 0")) return;
  const Work work = work_of(groups, attributes);
  if (!call.expect(work.weights >= 0, "TsloraAttention: at most 2^40 weights were expected")) return;
  const Drop drop = drop_of(call, attributes, call.input(4));
  TF_Tensor* y = call.output(0, shape_of(q));
  float* weights = call.optional_output(1, attributes.keep, {work.weights});
  if (!call.ok()) return;
  const Attention given{floats(q),        floats(k), floats(v), floats(y), weights, width,  width / attributes.heads,
                        attributes.scale, drop,      nullptr,   nullptr,   nullptr, nullptr};
  each_unit(call, work.heads, given, choose_kernels().attention_scratch(given, groups.longest),
            choose_kernels().attention_forward);
}

// q, k, v, y, weights and groups as above, dy [queries, width] -> dq, dk (of one number where it is not asked for), dv.
void attention_backward(const Attributes& attributes, Call& call) {
  TF_Tensor* q = call.input(0);
  TF_Tensor* k = call.input(1);
  TF_Tensor* v = call.input(2);
  TF_Tensor* y = call.input(3);
  TF_Tensor* weights = call.input(4);
  TF_Tensor* dy = call.input(5);
  Groups groups;
  if (!read_groups(call, call.input(6), groups)) return;
  const int64_t width = columns_of(q);
  const bool fits =
      fits_attention(q, k, v, groups, attributes) && shape_of(y) == shape_of(q) && shape_of(dy) == shape_of(q);
  const Work work = fits ? work_of(groups, attributes) : Work{};
  if (!call.expect(fits && has_shape(weights, {work.weights}),
                   "TsloraAttentionBackward: what TsloraAttention had and gave was expected"))
    return;
  Drop drop;
  drop.rate = attributes.rate;
  TF_Tensor* dq = call.output(0, shape_of(q));
  float* dk = call.optional_output(1, attributes.needs_key, shape_of(k));
  TF_Tensor* dv = call.output(2, shape_of(v));
  if (!call.ok()) return;
  const Attention given{
      floats(q), floats(k),  floats(v),  floats(y), floats(weights), width, width / attributes.heads, attributes.scale,
      drop,      floats(dy), floats(dq), dk,        floats(dv)};
  each_unit(call, work.heads, given, choose_kernels().attention_scratch(given, groups.longest),
            choose_kernels().attention_backward);
}

// The documents of groups, the longest first. Each group has draws of its own, counted by document and head.
struct PoolWork {
  std::vector<PooledDocument> documents;
  int64_t weights = 0;
};

// Groups are known to fit x, which bounds the documents. -1 weights: more than a tensor may have.
PoolWork pool_work_of(const Groups& groups, const Drop& drop, int64_t heads) {
  constexpr uint32_t OTHER_GROUP = 0x9E3779B1u;  // as drop-of-block.ts has it
  PoolWork work;
  if (count_of({groups.tokens, heads}) < 0) {
    work.weights = -1;
    return work;
  }
  const int32_t* group = groups.rows;
  for (int64_t i = 0; i < groups.count; ++i, group += 4) {
    Drop own = drop;
    own.seed[0] ^= static_cast<uint32_t>(i) * OTHER_GROUP;
    for (int64_t k = 0; k < group[2]; ++k) {
      work.documents.push_back({group[1] + k, group[0] + k * group[3], group[3], own, k * heads, work.weights});
      work.weights += heads * group[3];
    }
  }
  std::stable_sort(work.documents.begin(), work.documents.end(),
                   [](const PooledDocument& a, const PooledDocument& b) { return a.length > b.length; });
  return work;
}

const float* optional_floats(TF_Tensor* tensor) { return TF_NumDims(tensor) == 0 ? nullptr : floats(tensor); }

// What both of the two below take: u [documents, heads, width], x [rows, width]; q [documents, width] with key, key and
// value [rows, width], or one number in the place of each.
bool read_pool(Call& call, TokenPool& pool, Groups& groups) {
  TF_Tensor* u = call.input(0);
  TF_Tensor* x = call.input(1);
  TF_Tensor* q = call.input(2);
  TF_Tensor* key = call.input(3);
  TF_Tensor* value = call.input(4);
  if (!call.expect(has_axes(u, 3) && has_axes(x, 2),
                   "TsloraPoolTokens: u [documents, heads, width] and x [rows, width] were expected"))
    return false;
  if (!read_groups(call, call.input(5), groups)) return false;
  if (!call.expect(TF_Dim(u, 0) == groups.documents && TF_Dim(x, 0) == groups.tokens,
                   "TsloraPoolTokens: documents and rows by the groups were expected"))
    return false;
  pool.u = floats(u), pool.x = floats(x), pool.q = optional_floats(q), pool.key = optional_floats(key),
  pool.value = optional_floats(value);
  pool.heads = TF_Dim(u, 1), pool.width = TF_Dim(u, 2);
  const bool fits_x = columns_of(x) == pool.width && pool.width > 0 && pool.heads > 0 && pool.width % pool.heads == 0;
  const bool fits_key =
      (pool.key == nullptr) == (pool.q == nullptr) &&
      (pool.key == nullptr || (shape_of(key) == shape_of(x) && has_shape(q, {groups.documents, pool.width})));
  const bool fits_value = pool.value == nullptr || shape_of(value) == shape_of(x);
  return call.expect(fits_x && fits_key && fits_value,
                     "TsloraPoolTokens: x, key and value [rows, width] and q [documents, width], key and q together, "
                     "and heads that divide the width were expected");
}

// The above, groups [groups, 4], seed -> pooled [documents, heads, width], sums [documents, heads, 1], update
// [documents, width] and the weights (of one number where there is no value, or none are to be kept).
void pool_tokens(const Attributes& attributes, Call& call) {
  TokenPool pool{};
  Groups groups;
  if (!read_pool(call, pool, groups)) return;
  const Drop drop = drop_of(call, attributes, call.input(6));
  const PoolWork work = pool_work_of(groups, drop, pool.heads);
  if (!call.expect(work.weights >= 0, "TsloraPoolTokens: at most 2^40 weights were expected")) return;
  const int64_t documents = groups.documents;
  TF_Tensor* pooled = call.output(0, {documents, pool.heads, pool.width});
  TF_Tensor* sums = call.output(1, {documents, pool.heads, 1});
  pool.update = call.optional_output(2, pool.value != nullptr, {documents, pool.width});
  pool.weights = call.optional_output(3, attributes.keep, {work.weights});
  if (!call.ok()) return;
  pool.pooled = floats(pooled), pool.sums = floats(sums);
  each_unit(call, work.documents, pool, choose_kernels().pool_scratch(pool, groups.longest),
            choose_kernels().pool_forward);
}

// The same without seed, and weights, d_pooled, d_sums, d_update [documents, width] (or one number) -> du, dx, dq,
// d_key, d_value (of one number what is not asked for).
void pool_tokens_backward(const Attributes& attributes, Call& call) {
  TokenPool pool{};
  Groups groups;
  if (!read_pool(call, pool, groups)) return;
  Drop drop;
  drop.rate = attributes.rate;
  const PoolWork work = pool_work_of(groups, drop, pool.heads);
  TF_Tensor* weights = call.input(6);
  TF_Tensor* d_pooled = call.input(7);
  TF_Tensor* d_sums = call.input(8);
  TF_Tensor* d_update = call.input(9);
  const int64_t documents = groups.documents;
  pool.weights = floats(weights), pool.d_pooled = floats(d_pooled), pool.d_sums = floats(d_sums),
  pool.d_update = optional_floats(d_update);
  const bool fits_update = pool.value == nullptr || has_shape(d_update, {documents, pool.width});
  if (!call.expect(has_shape(weights, {work.weights}) && has_shape(d_pooled, {documents, pool.heads, pool.width}) &&
                       has_shape(d_sums, {documents, pool.heads, 1}) && fits_update,
                   "TsloraPoolTokensBackward: what TsloraPoolTokens had and gave was expected"))
    return;
  TF_Tensor* du = call.output(0, {documents, pool.heads, pool.width});
  const std::vector<int64_t> rows{groups.tokens, pool.width};
  pool.dx = call.optional_output(1, attributes.needs_input, rows);
  pool.dq = call.optional_output(2, pool.key != nullptr, {documents, pool.width});
  pool.d_key = call.optional_output(3, pool.key != nullptr, rows);
  pool.d_value = call.optional_output(4, pool.value != nullptr, rows);
  if (!call.ok()) return;
  pool.du = floats(du);
  each_unit(call, work.documents, pool, choose_kernels().pool_scratch(pool, groups.longest),
            choose_kernels().pool_backward);
}

// Which instructions are asked for (the place of the set, or -1), which sets this processor has, and for which kernels
// were compiled, both as sums of 2 to the power of the place.
void instructions(const Attributes&, Call& call) {
  TF_Tensor* y = call.output(0, {3});
  if (!call.ok()) return;
  int here = 0, compiled = 0;
  for (size_t i = 0; i < instruction_sets().size(); ++i) {
    here |= instruction_sets()[i].here << i;
    compiled |= (instruction_sets()[i].kernels != nullptr) << i;
  }
  floats(y)[0] = static_cast<float>(asked_set());
  floats(y)[1] = static_cast<float>(here);
  floats(y)[2] = static_cast<float>(compiled);
}

using Compute = void (*)(const Attributes&, Call&);

template <Compute compute>
void run(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  if (compute != instructions &&
      !call.expect(find_kernels() != nullptr,
                   "tslora's kernels were not compiled for the instructions that are asked for"))
    return;
  const auto& attributes = *static_cast<Attributes*>(kernel);
  try {
    if (expect_attributes(attributes, call)) compute(attributes, call);
  } catch (const std::bad_alloc&) {
    call.out_of_memory();
  }
}

// Reads whichever of the attributes the operation has.
void* create(TF_OpKernelConstruction* construction) {
  auto* attributes = new Attributes;
  TF_Status* status = TF_NewStatus();
  const auto has = [&](const char* name) {
    const bool found = TF_OpKernelConstruction_HasAttr(construction, name, status);
    return found && TF_GetCode(status) == TF_OK;
  };
  const auto flag = [&](const char* name, bool* value) {
    if (!has(name)) return;
    TF_Bool found = 0;
    TF_OpKernelConstruction_GetAttrBool(construction, name, &found, status);
    *value = found != 0;
  };
  if (has("rate")) TF_OpKernelConstruction_GetAttrFloat(construction, "rate", &attributes->rate, status);
  if (has("epsilon")) TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attributes->epsilon, status);
  if (has("scale")) TF_OpKernelConstruction_GetAttrFloat(construction, "scale", &attributes->scale, status);
  if (has("heads")) TF_OpKernelConstruction_GetAttrInt32(construction, "heads", &attributes->heads, status);
  if (has("columns")) TF_OpKernelConstruction_GetAttrInt32(construction, "columns", &attributes->columns, status);
  flag("transpose", &attributes->transpose);
  flag("transpose_a", &attributes->transpose_a);
  flag("transpose_b", &attributes->transpose_b);
  flag("gelu", &attributes->gelu);
  flag("derivative", &attributes->derivative);
  flag("first_token", &attributes->first_token);
  flag("keep", &attributes->keep);
  flag("needs_key", &attributes->needs_key);
  flag("needs_input", &attributes->needs_input);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void destroy(void* kernel) { delete static_cast<Attributes*>(kernel); }

template <Compute compute>
void add(const char* name, std::initializer_list<const char*> inputs, std::initializer_list<const char*> outputs,
         std::initializer_list<const char*> attributes) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_RegisterOpDefinition(definition, status);
  // Without it the TypeScript side finds no such operation and says so.
  if (TF_GetCode(status) == TF_OK)
    TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, run<compute>, destroy), status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void register_operations() {
  add<instructions>("TsloraInstructions", {}, {"y: float"}, {});
  add<gelu>("TsloraGelu", {"x: float"}, {"y: float", "slope: float"}, {"derivative: bool"});
  add<lower>("TsloraLower", {"x: float", "a: float", "seed: int32"}, {"low: float"}, {"scale: float", "rate: float"});
  add<lower_gradient>("TsloraLowerGradient", {"d_low: float", "x: float", "seed: int32"}, {"da: float"},
                      {"rate: float"});
  add<lower_backward>("TsloraLowerBackward", {"d_low: float", "a: float", "seed: int32"}, {"dx: float"},
                      {"rate: float"});
  add<pack>("TsloraPack", {"w: float"}, {"packed: float"}, {"transpose: bool"});
  add<product>("TsloraProduct",
               {"x: float", "w: float", "x2: float", "w2: float", "x3: float", "w3: float", "bias: float",
                "plus: float", "plus2: float", "plus3: float", "plus4: float", "times: float"},
               {"y: float", "slope: float"}, {"columns: int", "gelu: bool", "derivative: bool"});
  add<batched_product>("TsloraBatchedProduct", {"a: float", "b: float"}, {"c: float"},
                       {"transpose_a: bool", "transpose_b: bool"});
  add<dropout>("TsloraDropout", {"x: float", "seed: int32"}, {"y: float"}, {"rate: float"});
  add<keep_mask>("TsloraKeepMask", {"shape: int32", "seed: int32"}, {"y: float"}, {"rate: float"});
  add<residual_norm>("TsloraResidualNorm",
                     {"x: float", "residual: float", "gamma: float", "beta: float", "seed: int32"},
                     {"y: float", "normalized: float", "inverse_deviation: float"}, {"rate: float", "epsilon: float"});
  add<residual_norm_backward>(
      "TsloraResidualNormBackward",
      {"dy: float", "gamma: float", "normalized: float", "inverse_deviation: float", "seed: int32"},
      {"ds: float", "dx: float"}, {"rate: float"});
  add<pool_tokens>("TsloraPoolTokens",
                   {"u: float", "x: float", "q: float", "key: float", "value: float", "groups: int32", "seed: int32"},
                   {"pooled: float", "sums: float", "update: float", "weights: float"}, {"rate: float", "keep: bool"});
  add<pool_tokens_backward>("TsloraPoolTokensBackward",
                            {"u: float", "x: float", "q: float", "key: float", "value: float", "groups: int32",
                             "weights: float", "d_pooled: float", "d_sums: float", "d_update: float"},
                            {"du: float", "dx: float", "dq: float", "d_key: float", "d_value: float"},
                            {"rate: float", "needs_input: bool"});
  add<attention>("TsloraAttention", {"q: float", "k: float", "v: float", "groups: int32", "seed: int32"},
                 {"y: float", "weights: float"},
                 {"heads: int", "scale: float", "rate: float", "first_token: bool", "keep: bool"});
  add<attention_backward>(
      "TsloraAttentionBackward",
      {"q: float", "k: float", "v: float", "y: float", "weights: float", "dy: float", "groups: int32"},
      {"dq: float", "dk: float", "dv: float"},
      {"heads: int", "scale: float", "rate: float", "first_token: bool", "needs_key: bool"});
}

}  // namespace
}  // namespace tslora
