#include "call.h"

#include <cmath>
#include <cstring>
#include <exception>

namespace tslora {

int64_t count_of(std::initializer_list<int64_t> sizes) {
  int64_t count = 1;
  bool fits = true;
  for (const int64_t size : sizes) {
    fits = fits && size >= 0 && !__builtin_mul_overflow(count, size, &count) && count <= MOST_NUMBERS;
    if (!fits) return -1;
  }
  return count;
}

Attributes::~Attributes() {
  if (TF_GetCode(status_) != TF_OK) TF_OpKernelConstruction_Failure(construction_, status_);
  TF_DeleteStatus(status_);
}

float Attributes::number(const char* name) {
  float value = 0;
  if (TF_GetCode(status_) == TF_OK) TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, status_);
  return value;
}

int32_t Attributes::integer(const char* name) {
  int32_t value = 0;
  if (TF_GetCode(status_) == TF_OK) TF_OpKernelConstruction_GetAttrInt32(construction_, name, &value, status_);
  return value;
}

bool Attributes::flag(const char* name) {
  TF_Bool value = 0;
  if (TF_GetCode(status_) == TF_OK) TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, status_);
  return value != 0;
}

Call::~Call() {
  for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  if (!ok()) TF_OpKernelContext_Failure(context_, status_);
  TF_DeleteStatus(status_);
}

TF_Tensor* Call::input(int i) {
  TF_Tensor* tensor = nullptr;
  TF_GetInput(context_, i, &tensor, status_);
  if (tensor != nullptr) held_.push_back(tensor);
  return tensor;
}

TF_Tensor* Call::output(int i, const std::vector<int64_t>& shape, TF_DataType type) {
  int64_t size = 1;
  for (const int64_t extent : shape) size = size < 0 ? size : count_of({size, extent});
  if (!expect(size >= 0 && shape.size() <= MOST_AXES,
              "an output must have at most 8 axes and 2^40 numbers; the inputs ask for more"))
    return nullptr;
  TF_Tensor* tensor = TF_AllocateOutput(context_, i, type, shape.data(), static_cast<int>(shape.size()),
                                        static_cast<size_t>(size) * TF_DataTypeSize(type), status_);
  if (tensor != nullptr) held_.push_back(tensor);
  return ok() ? tensor : nullptr;
}

float* Call::optional_output(int i, bool requested, const std::vector<int64_t>& shape) {
  TF_Tensor* tensor = output(i, requested ? shape : std::vector<int64_t>{1});
  if (tensor == nullptr) return nullptr;
  if (requested) return floats(tensor);
  floats(tensor)[0] = 0;
  return nullptr;
}

bool Call::expect(bool holds, const char* message) {
  if (!holds && ok()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message);
  return holds && ok();
}

bool Call::expect_rate(float rate) {
  return expect(rate >= 0 && rate < 1, "rate must be at least 0 and below 1");  // NaN is neither
}

bool Call::expect_scale(float scale) { return expect(std::isfinite(scale), "scale must be a finite number"); }

bool Call::expect_heads(int32_t heads) { return expect(heads > 0, "heads must be at least 1"); }

void Call::out_of_memory() {
  if (ok()) TF_SetStatus(status_, TF_RESOURCE_EXHAUSTED, "there is no memory for a kernel's scratch space");
}

void Call::fail(const char* message) {
  if (ok()) TF_SetStatus(status_, TF_INTERNAL, message);
}

std::vector<int64_t> shape_of(const TF_Tensor* tensor) {
  std::vector<int64_t> shape(static_cast<size_t>(TF_NumDims(tensor)));
  for (size_t axis = 0; axis < shape.size(); ++axis) shape[axis] = TF_Dim(tensor, static_cast<int>(axis));
  return shape;
}

int64_t columns_of(const TF_Tensor* tensor) {
  return TF_NumDims(tensor) == 0 ? 1 : TF_Dim(tensor, TF_NumDims(tensor) - 1);
}

int64_t rows_of(const TF_Tensor* tensor) { return columns_of(tensor) == 0 ? 0 : size_of(tensor) / columns_of(tensor); }

bool has_shape(const TF_Tensor* tensor, std::initializer_list<int64_t> shape) {
  return shape_of(tensor) == std::vector<int64_t>(shape);
}

Drop read_drop(Call& call, float rate, TF_Tensor* seed) {
  Drop drop;
  if (!call.expect(has_axes(seed, 1) && size_of(seed) == 2, "a seed must be two numbers [2]")) return drop;
  drop.rate = rate;
  std::memcpy(drop.seed, TF_TensorData(seed), sizeof drop.seed);
  return drop;
}

float* scratch_of(int64_t numbers) {
  thread_local std::vector<float> scratch;
  try {
    if (scratch.size() < static_cast<size_t>(numbers)) scratch.resize(static_cast<size_t>(numbers));
  } catch (const std::exception&) {  // bad_alloc, or length_error
    return nullptr;
  }
  return scratch.data();
}

}  // namespace tslora
