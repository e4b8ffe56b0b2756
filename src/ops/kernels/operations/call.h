// One call of an operation by TensorFlow's C API: inputs, outputs, errors, attributes and the shapes of tensors.
#ifndef TSLORA_CALL_H_
#define TSLORA_CALL_H_

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "../kernels.h"
#include "tensorflow/c/kernels.h"

namespace tslora {

// Most numbers in a tensor. Products of two such sizes and a few small factors fit in 64 bits.
constexpr int64_t MOST_NUMBERS = int64_t{1} << 40;
constexpr size_t MOST_AXES = 8;

// Product of sizes; -1 if one is negative or the product is above MOST_NUMBERS.
int64_t count_of(std::initializer_list<int64_t> sizes);

// Reads an operation's attributes when TensorFlow makes its kernel. TensorFlow itself reports a missing attribute.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction), status_(TF_NewStatus()) {}
  ~Attributes();
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  float number(const char* name);
  int32_t integer(const char* name);
  bool flag(const char* name);

 private:
  TF_OpKernelConstruction* const construction_;
  TF_Status* const status_;
};

// One call of an operation. TensorFlow receives the first error when the call ends.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  bool ok() const { return TF_GetCode(status_) == TF_OK; }

  TF_Tensor* input(int i);

  // Makes an output, of floats or of 8-bit integers. Returns null, with an error, if the shape is out of bounds:
  // TensorFlow would end the process.
  TF_Tensor* output(int i, const std::vector<int64_t>& shape, TF_DataType type = TF_FLOAT);

  // Makes an output and returns its numbers. If it is not `requested`, returns null and makes a single zero instead.
  float* optional_output(int i, bool requested, const std::vector<int64_t>& shape);

  // Reports `message` as an error unless `holds`. Returns false if there was an error, now or before.
  bool expect(bool holds, const char* message);

  bool expect_rate(float rate);
  bool expect_scale(float scale);
  bool expect_heads(int32_t heads);

  void out_of_memory();

  // Reports an error inside a kernel, unless there was one before.
  void fail(const char* message);

 private:
  TF_OpKernelContext* const context_;
  TF_Status* const status_;
  std::vector<TF_Tensor*> held_;
};

inline float* floats(TF_Tensor* tensor) { return static_cast<float*>(TF_TensorData(tensor)); }
inline int8_t* bytes(TF_Tensor* tensor) { return static_cast<int8_t*>(TF_TensorData(tensor)); }
inline int32_t* ints(TF_Tensor* tensor) { return static_cast<int32_t*>(TF_TensorData(tensor)); }
std::vector<int64_t> shape_of(const TF_Tensor* tensor);
inline int64_t size_of(const TF_Tensor* tensor) { return TF_TensorElementCount(tensor); }
int64_t columns_of(const TF_Tensor* tensor);
int64_t rows_of(const TF_Tensor* tensor);
inline bool has_axes(const TF_Tensor* tensor, int axes) { return TF_NumDims(tensor) == axes; }
bool has_shape(const TF_Tensor* tensor, std::initializer_list<int64_t> shape);

// Numbers of an optional input; null for a scalar, which marks an input that is not given. An input without rows is
// given, though TensorFlow's allocator has no address for it.
inline const float* optional_floats(TF_Tensor* tensor) {
  static constexpr float NO_NUMBERS = 0;
  if (TF_NumDims(tensor) == 0) return nullptr;
  return size_of(tensor) == 0 ? &NO_NUMBERS : floats(tensor);
}

// Number of pieces of a size in a whole; the last one may be smaller.
inline int64_t pieces(int64_t whole, int64_t size) { return (whole + size - 1) / size; }

// A draw of dropout from a seed; an error if the seed is not [2].
Drop read_drop(Call& call, float rate, TF_Tensor* seed);

// Scratch memory of this thread for so many numbers; null if there is no memory. The kernels must not allocate it
// themselves: library code compiled with them may use instructions that not every processor has.
float* scratch_of(int64_t numbers);

}  // namespace tslora

#endif  // TSLORA_CALL_H_
