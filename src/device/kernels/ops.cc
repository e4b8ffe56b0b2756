// The kernels as TensorFlow's operations on the CPU, by its C API: registered when the binding is loaded.
//
// An operation that works "in place" writes over its first input and gives it out again: whoever calls it gives the
// input up. TensorFlow itself never does so with tensors that have a handle.
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <vector>

#include "kernels.h"
#include "parallel.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace tslora {

#if defined(__x86_64__)
extern const Kernels kernels_avx512, kernels_avx2;
#endif
extern const Kernels kernels_baseline;

const Kernels& choose_kernels() {
  static const Kernels* const chosen = [] {
    const char* told = std::getenv("TSLORA_INSTRUCTIONS");
    const auto wanted = [told](const Kernels& kernels) { return told == nullptr || std::strcmp(told, kernels.instructions) == 0; };
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (avx512 && wanted(kernels_avx512)) return &kernels_avx512;
    if (avx2 && wanted(kernels_avx2)) return &kernels_avx2;
#else
    (void)wanted;
#endif
    return &kernels_baseline;
  }();
  return *chosen;
}

namespace {

// What an operation's kernel keeps: its attributes.
struct Attributes {
  float rate = 0, epsilon = 0;
  std::vector<float> scales;
  bool derivative = false;
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
  int inputs() const { return TF_NumInputs(context_); }

  TF_Tensor* input(int i) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, i, &tensor, status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }

  TF_Tensor* output(int i, const std::vector<int64_t>& shape) {
    int64_t size = 1;
    for (const int64_t extent : shape) size *= extent;
    TF_Tensor* tensor = TF_AllocateOutput(context_, i, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), static_cast<size_t>(size) * sizeof(float), status_);
    if (tensor != nullptr) held_.push_back(tensor);
    return tensor;
  }

  // Gives an input out again.
  void pass(int i, TF_Tensor* tensor) { TF_SetOutput(context_, i, tensor, status_); }

  // What must hold of shapes; a fault of tslora's where it does not.
  bool expect(bool holds, const char* what) {
    if (!holds && ok()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, what);
    return holds && ok();
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
int64_t columns_of(const TF_Tensor* tensor) { return TF_NumDims(tensor) == 0 ? 1 : TF_Dim(tensor, TF_NumDims(tensor) - 1); }
int64_t rows_of(const TF_Tensor* tensor) { return columns_of(tensor) == 0 ? 0 : size_of(tensor) / columns_of(tensor); }

Drop drop_of(const Attributes& attributes, TF_Tensor* seed) {
  Drop drop;
  drop.rate = attributes.rate;
  std::memcpy(drop.seed, TF_TensorData(seed), sizeof drop.seed);
  return drop;
}

// x [...] -> y, derivative (of one number where it is not asked for).
void gelu(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* y = call.output(0, shape_of(x));
  TF_Tensor* derivative = call.output(1, attributes.derivative ? shape_of(x) : std::vector<int64_t>{1});
  if (!call.ok()) return;
  if (!attributes.derivative) floats(derivative)[0] = 0;
  parallel_rows(size_of(x), 8, [&](int64_t begin, int64_t end) { choose_kernels().gelu(floats(x), floats(y), attributes.derivative ? floats(derivative) : nullptr, begin, end); });
}

// x [rows, columns] in place, bias [columns] -> y.
void add_bias(const Attributes&, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* bias = call.input(1);
  if (!call.expect(size_of(bias) == columns_of(x), "TsloraAddBias: a bias of as many numbers as x has columns was expected")) return;
  parallel_rows(rows_of(x), columns_of(x), [&](int64_t begin, int64_t end) { choose_kernels().add_bias(floats(x), floats(bias), floats(x), columns_of(x), begin, end); });
  call.pass(0, x);
}

// x [rows, columns], low [rows, rank], b' [rank, columns] -> x + low b'.
void add_low_rank(const Attributes&, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* low = call.input(1);
  TF_Tensor* b = call.input(2);
  if (!call.expect(rows_of(low) == rows_of(x) && rows_of(b) == columns_of(low) && columns_of(b) == columns_of(x), "TsloraAddLowRank: x [rows, columns], low [rows, rank] and b [rank, columns] were expected")) return;
  TF_Tensor* y = call.output(0, shape_of(x));
  if (!call.ok()) return;
  const int64_t rank = columns_of(low);
  parallel_rows(rows_of(x), columns_of(x) * rank, [&](int64_t begin, int64_t end) { choose_kernels().add_low_rank(floats(x), floats(low), floats(b), floats(y), rank, columns_of(x), begin, end); });
}

// x [..., columns], seed [2] -> y.
void dropout(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* seed = call.input(1);
  TF_Tensor* y = call.output(0, shape_of(x));
  if (!call.ok()) return;
  const Drop drop = drop_of(attributes, seed);
  parallel_rows(rows_of(x), columns_of(x), [&](int64_t begin, int64_t end) { choose_kernels().dropout(floats(x), drop, floats(y), columns_of(x), begin, end); });
}

// shape [axes], seed [2] -> the mask.
void keep_mask(const Attributes& attributes, Call& call) {
  TF_Tensor* shape = call.input(0);
  TF_Tensor* seed = call.input(1);
  TF_Tensor* y = call.output(0, std::vector<int64_t>(ints(shape), ints(shape) + size_of(shape)));
  if (!call.ok()) return;
  const Drop drop = drop_of(attributes, seed);
  parallel_rows(rows_of(y), columns_of(y), [&](int64_t begin, int64_t end) { choose_kernels().keep_mask(drop, floats(y), columns_of(y), begin, end); });
}

// x, residual (or one number), gamma, beta, seed -> y, normalized, inverse deviation [..., 1].
void residual_norm(const Attributes& attributes, Call& call) {
  TF_Tensor* x = call.input(0);
  TF_Tensor* residual = call.input(1);
  TF_Tensor* gamma = call.input(2);
  TF_Tensor* beta = call.input(3);
  TF_Tensor* seed = call.input(4);
  const bool has_residual = TF_NumDims(residual) > 0;
  if (!call.expect((!has_residual || size_of(residual) == size_of(x)) && size_of(gamma) == columns_of(x) && size_of(beta) == columns_of(x), "TsloraResidualNorm: x and residual of one shape, gamma and beta of as many numbers as they have columns were expected")) return;
  std::vector<int64_t> ones = shape_of(x);
  ones.back() = 1;
  TF_Tensor* y = call.output(0, shape_of(x));
  TF_Tensor* normalized = call.output(1, shape_of(x));
  TF_Tensor* inverse = call.output(2, ones);
  if (!call.ok()) return;
  const Drop drop = drop_of(attributes, seed);
  parallel_rows(rows_of(x), columns_of(x) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm(floats(x), has_residual ? floats(residual) : nullptr, floats(gamma), floats(beta), attributes.epsilon, drop, floats(y), floats(normalized), floats(inverse), columns_of(x), begin, end);
  });
}

// dy, gamma, normalized, inverse deviation, seed -> ds, dx (of one number without dropout).
void residual_norm_backward(const Attributes& attributes, Call& call) {
  TF_Tensor* dy = call.input(0);
  TF_Tensor* gamma = call.input(1);
  TF_Tensor* normalized = call.input(2);
  TF_Tensor* inverse = call.input(3);
  TF_Tensor* seed = call.input(4);
  if (!call.expect(size_of(normalized) == size_of(dy) && size_of(gamma) == columns_of(dy) && size_of(inverse) == rows_of(dy), "TsloraResidualNormBackward: dy and normalized of one shape, gamma by columns, deviations by rows were expected")) return;
  const Drop drop = drop_of(attributes, seed);
  TF_Tensor* ds = call.output(0, shape_of(dy));
  TF_Tensor* dx = call.output(1, drop.rate > 0 ? shape_of(dy) : std::vector<int64_t>{1});
  if (!call.ok()) return;
  if (drop.rate <= 0) floats(dx)[0] = 0;
  parallel_rows(rows_of(dy), columns_of(dy) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().residual_norm_backward(floats(dy), floats(gamma), floats(normalized), floats(inverse), drop, floats(ds), drop.rate > 0 ? floats(dx) : nullptr, columns_of(dy), begin, end);
  });
}

// scores [..., columns] in place, seed -> weights, kept (of one number without dropout).
void attention_weights(const Attributes& attributes, Call& call) {
  TF_Tensor* scores = call.input(0);
  TF_Tensor* seed = call.input(1);
  const Drop drop = drop_of(attributes, seed);
  TF_Tensor* kept = call.output(1, drop.rate > 0 ? shape_of(scores) : std::vector<int64_t>{1});
  if (!call.ok()) return;
  if (drop.rate <= 0) floats(kept)[0] = 0;
  parallel_rows(rows_of(scores), columns_of(scores) * 4, [&](int64_t begin, int64_t end) {
    choose_kernels().attention_weights(floats(scores), drop, floats(scores), drop.rate > 0 ? floats(kept) : nullptr, columns_of(scores), begin, end);
  });
  call.pass(0, scores);
}

// d_kept [..., columns] in place, weights, d_context and context [..., head_dim], seed -> d_scores, kept (of one number without dropout).
void attention_weights_backward(const Attributes& attributes, Call& call) {
  TF_Tensor* d_kept = call.input(0);
  TF_Tensor* weights = call.input(1);
  TF_Tensor* d_context = call.input(2);
  TF_Tensor* context = call.input(3);
  TF_Tensor* seed = call.input(4);
  if (!call.expect(size_of(weights) == size_of(d_kept) && rows_of(d_context) == rows_of(d_kept) && size_of(context) == size_of(d_context), "TsloraAttentionWeightsBackward: weights of d_kept's shape and contexts of as many rows were expected")) return;
  const Drop drop = drop_of(attributes, seed);
  TF_Tensor* kept = call.output(1, drop.rate > 0 ? shape_of(d_kept) : std::vector<int64_t>{1});
  if (!call.ok()) return;
  if (drop.rate <= 0) floats(kept)[0] = 0;
  parallel_rows(rows_of(d_kept), columns_of(d_kept) * 2, [&](int64_t begin, int64_t end) {
    choose_kernels().attention_weights_backward(floats(d_kept), floats(weights), floats(d_context), floats(context), columns_of(context), drop, floats(d_kept), drop.rate > 0 ? floats(kept) : nullptr, columns_of(d_kept), begin, end);
  });
  call.pass(0, d_kept);
}

// [first row, documents, length, heads], x... [rows, width] -> each times its scale: [documents, heads, length, head_dim].
void split_heads(const Attributes& attributes, Call& call) {
  const int32_t* layout = ints(call.input(0));
  const int64_t first = layout[0], documents = layout[1], length = layout[2], heads = layout[3];
  for (int i = 0; i + 1 < call.inputs(); ++i) {
    TF_Tensor* x = call.input(i + 1);
    const int64_t width = columns_of(x);
    if (!call.expect(first + documents * length <= rows_of(x) && width % heads == 0 && attributes.scales.size() + 1 == static_cast<size_t>(call.inputs()), "TsloraSplitHeads: rows of tokens within x, heads that divide its columns and a scale for each x were expected")) return;
    const Heads shape{documents, length, heads, width / heads};
    TF_Tensor* y = call.output(i, {documents, heads, length, width / heads});
    if (!call.ok()) return;
    parallel_rows(documents * length, width, [&](int64_t begin, int64_t end) { choose_kernels().split_heads(floats(x) + first * width, attributes.scales[static_cast<size_t>(i)], floats(y), shape, begin, end); });
  }
}

// parts... [documents, heads, length, head_dim] -> [rows, width], one part behind the other, times the one scale.
void merge_heads(const Attributes& attributes, Call& call) {
  int64_t rows = 0, width = 0;
  std::vector<TF_Tensor*> parts;
  for (int i = 0; i < call.inputs(); ++i) {
    TF_Tensor* part = call.input(i);
    if (!call.expect(TF_NumDims(part) == 4, "TsloraMergeHeads: parts of four axes were expected")) return;
    parts.push_back(part);
    rows += TF_Dim(part, 0) * TF_Dim(part, 2);
    width = TF_Dim(part, 1) * TF_Dim(part, 3);
  }
  TF_Tensor* y = call.output(0, {rows, width});
  if (!call.ok()) return;
  int64_t row = 0;
  for (TF_Tensor* part : parts) {
    const Heads shape{TF_Dim(part, 0), TF_Dim(part, 2), TF_Dim(part, 1), TF_Dim(part, 3)};
    if (!call.expect(shape.heads * shape.head_dim == width, "TsloraMergeHeads: parts of one width were expected")) return;
    float* to = floats(y) + row * width;
    parallel_rows(shape.documents * shape.length, width, [&](int64_t begin, int64_t end) { choose_kernels().merge_heads(floats(part), attributes.scales[0], to, shape, begin, end); });
    row += shape.documents * shape.length;
  }
}

using Compute = void (*)(const Attributes&, Call&);

template <Compute compute>
void run(void* kernel, TF_OpKernelContext* context) {
  Call call(context);
  compute(*static_cast<Attributes*>(kernel), call);
}

// Reads whichever of the attributes the operation has.
void* create(TF_OpKernelConstruction* construction) {
  auto* attributes = new Attributes;
  TF_Status* status = TF_NewStatus();
  const auto has = [&](const char* name) {
    const bool found = TF_OpKernelConstruction_HasAttr(construction, name, status);
    return found && TF_GetCode(status) == TF_OK;
  };
  if (has("rate")) TF_OpKernelConstruction_GetAttrFloat(construction, "rate", &attributes->rate, status);
  if (has("epsilon")) TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attributes->epsilon, status);
  if (has("derivative")) {
    TF_Bool derivative = 0;
    TF_OpKernelConstruction_GetAttrBool(construction, "derivative", &derivative, status);
    attributes->derivative = derivative != 0;
  }
  if (has("scales")) {
    int32_t size = 0, bytes = 0;
    TF_OpKernelConstruction_GetAttrSize(construction, "scales", &size, &bytes, status);
    attributes->scales.resize(static_cast<size_t>(size));
    TF_OpKernelConstruction_GetAttrFloatList(construction, "scales", attributes->scales.data(), size, status);
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return attributes;
}

void destroy(void* kernel) { delete static_cast<Attributes*>(kernel); }

template <Compute compute>
void add(const char* name, std::initializer_list<const char*> inputs, std::initializer_list<const char*> outputs, std::initializer_list<const char*> attributes) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_RegisterOpDefinition(definition, status);
  // Without it the TypeScript side finds no such operation and says so.
  if (TF_GetCode(status) == TF_OK) TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", create, run<compute>, destroy), status);
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void register_operations() {
  add<gelu>("TsloraGelu", {"x: float"}, {"y: float", "slope: float"}, {"derivative: bool"});
  add<add_bias>("TsloraAddBias", {"x: float", "bias: float"}, {"y: float"}, {});
  add<add_low_rank>("TsloraAddLowRank", {"x: float", "low: float", "b: float"}, {"y: float"}, {});
  add<dropout>("TsloraDropout", {"x: float", "seed: int32"}, {"y: float"}, {"rate: float"});
  add<keep_mask>("TsloraKeepMask", {"shape: int32", "seed: int32"}, {"y: float"}, {"rate: float"});
  add<residual_norm>("TsloraResidualNorm", {"x: float", "residual: float", "gamma: float", "beta: float", "seed: int32"}, {"y: float", "normalized: float", "inverse_deviation: float"}, {"rate: float", "epsilon: float"});
  add<residual_norm_backward>("TsloraResidualNormBackward", {"dy: float", "gamma: float", "normalized: float", "inverse_deviation: float", "seed: int32"}, {"ds: float", "dx: float"}, {"rate: float"});
  add<attention_weights>("TsloraAttentionWeights", {"scores: float", "seed: int32"}, {"weights: float", "kept: float"}, {"rate: float"});
  add<attention_weights_backward>("TsloraAttentionWeightsBackward", {"d_kept: float", "weights: float", "d_context: float", "context: float", "seed: int32"}, {"d_scores: float", "kept: float"}, {"rate: float"});
  add<split_heads>("TsloraSplitHeads", {"layout: int32", "x: N * float"}, {"y: N * float"}, {"N: int", "scales: list(float)"});
  add<merge_heads>("TsloraMergeHeads", {"parts: N * float"}, {"y: float"}, {"N: int", "scales: list(float)"});
}

}  // namespace
}  // namespace tslora
