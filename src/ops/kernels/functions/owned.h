// Owners of TensorFlow's objects.
#ifndef TSLORA_OWNED_H_
#define TSLORA_OWNED_H_

#include <memory>
#include <string>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace tslora {

template <typename T, void (*kFree)(T*)>
struct Free {
  void operator()(T* object) const { kFree(object); }
};
template <typename T, void (*kFree)(T*)>
using Owned = std::unique_ptr<T, Free<T, kFree>>;

using Graph = Owned<TF_Graph, TF_DeleteGraph>;
using GraphFunction = Owned<TF_Function, TF_DeleteFunction>;
using Tensor = Owned<TF_Tensor, TF_DeleteTensor>;
using Handle = Owned<TFE_TensorHandle, TFE_DeleteTensorHandle>;
using EagerOp = Owned<TFE_Op, TFE_DeleteOp>;

// The outcome of calls to TensorFlow.
class Status {
 public:
  bool ok() const { return TF_GetCode(status_.get()) == TF_OK; }
  std::string message() const { return TF_Message(status_.get()); }
  operator TF_Status*() const { return status_.get(); }

 private:
  Owned<TF_Status, TF_DeleteStatus> status_{TF_NewStatus()};
};

}  // namespace tslora

#endif  // TSLORA_OWNED_H_
