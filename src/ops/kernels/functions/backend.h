// Parts of tfjs-node's binding that it keeps to itself and graph functions need: the context and the tensors by id.
#ifndef TSLORA_BACKEND_H_
#define TSLORA_BACKEND_H_

#include <node_api.h>

#include <cstdint>

#include "tensorflow/c/eager/c_api.h"

namespace tslora {

// The binding's state in one environment of Node.
class Backend {
 public:
  // The state that the binding keeps for the environment; its `known` is false before the binding is initialized.
  explicit Backend(napi_env env);

  bool known() const { return backend_ != nullptr; }
  TFE_Context* context() const;
  // A tensor by its id; nullptr if there is none.
  TFE_TensorHandle* tensor(int32_t id) const;
  // Takes over a tensor, and returns its id.
  int32_t insert(TFE_TensorHandle* tensor) const;

 private:
  void* backend_ = nullptr;
};

// Number of operations and functions that TensorFlow was asked to execute.
int64_t executions();

}  // namespace tslora

#endif  // TSLORA_BACKEND_H_
