#include "run_function.h"

#include <cstring>

#include "owned.h"

extern "C" void tslora_execute(TFE_Op* op, TFE_TensorHandle** outputs, int* count, TF_Status* status);

namespace tslora {

namespace {

// Adds a tensor in the host's memory as an argument.
bool add_numbers(TFE_Op* op, TF_DataType type, const int64_t* shape, int rank, const void* values, size_t bytes,
                 const Status& status) {
  const Tensor tensor(TF_AllocateTensor(type, shape, rank, bytes));
  memcpy(TF_TensorData(tensor.get()), values, bytes);
  const Handle handle(TFE_NewTensorHandle(tensor.get(), status));
  if (status.ok()) TFE_OpAddInput(op, handle.get(), status);
  return status.ok();
}

bool add_integers(TFE_Op* op, const Recorded& recorded, const Numbers<int32_t>& all, const Status& status) {
  for (const auto& [begin, count] : recorded.integers) {
    const int64_t size = count < 0 ? 1 : count;
    if (begin < 0 || static_cast<size_t>(begin + size) > all.size) {
      TF_SetStatus(status, TF_INVALID_ARGUMENT, "a function's integers are missing");
      return false;
    }
    if (!add_numbers(op, TF_INT32, &size, count < 0 ? 0 : 1, all.data + begin, size * sizeof(int32_t), status))
      return false;
  }
  return true;
}

bool add_floats(TFE_Op* op, const Recorded& recorded, const Numbers<float>& all, const Status& status) {
  if (recorded.floats.empty()) return true;
  std::vector<float> chosen;
  for (const int32_t place : recorded.floats) {
    if (place < 0 || static_cast<size_t>(place) >= all.size) {
      TF_SetStatus(status, TF_INVALID_ARGUMENT, "a function's floats are missing");
      return false;
    }
    chosen.push_back(all.data[place]);
  }
  const int64_t size = static_cast<int64_t>(chosen.size());
  return add_numbers(op, TF_FLOAT, &size, 1, chosen.data(), size * sizeof(float), status);
}

// One call, by the named executor or by TensorFlow's default one. Results are null if it fails.
bool call(const Backend& backend, const Recorded& recorded, const CallInputs& inputs, const std::string& executor,
          std::vector<TFE_TensorHandle*>* results, const Status& status) {
  const EagerOp op(TFE_NewOp(backend.context(), recorded.name.c_str(), status));
  if (!status.ok()) return false;
  for (size_t i = 0; i < inputs.tensors.size; i++) {
    TFE_TensorHandle* tensor = backend.tensor(inputs.tensors.data[i]);
    if (tensor == nullptr)
      TF_SetStatus(status, TF_INVALID_ARGUMENT, "a function's tensor is not referenced");
    else
      TFE_OpAddInput(op.get(), tensor, status);
    if (!status.ok()) return false;
  }
  if (!add_integers(op.get(), recorded, inputs.integers, status) ||
      !add_floats(op.get(), recorded, inputs.floats, status))
    return false;
  TFE_OpSetAttrString(op.get(), "config_proto", recorded.config.data(), recorded.config.size());
  if (!executor.empty()) TFE_OpSetAttrString(op.get(), "executor_type", executor.data(), executor.size());
  results->assign(recorded.outputs, nullptr);
  int count = recorded.outputs;
  tslora_execute(op.get(), results->data(), &count, status);
  return status.ok();
}

// The error of a call. Only TensorFlow's default executor names the operation, so a failed call is repeated with it:
// recorded operations have no effects.
std::string explain(const Backend& backend, const Recorded& recorded, const CallInputs& inputs,
                    const std::string& message) {
  Status status;
  std::vector<TFE_TensorHandle*> results;
  if (recorded.executor.empty() || !call(backend, recorded, inputs, "", &results, status))
    return status.ok() ? message : status.message();
  for (TFE_TensorHandle* result : results) TFE_DeleteTensorHandle(result);
  return message;
}

}  // namespace

bool run_function(napi_env env, const Backend& backend, const Recorded& recorded, const CallInputs& inputs,
                  int32_t* ids) {
  Status status;
  std::vector<TFE_TensorHandle*> results;
  if (!call(backend, recorded, inputs, recorded.executor, &results, status))
    return fail(env, explain(backend, recorded, inputs, status.message()));
  for (int i = 0; i < recorded.outputs; i++) ids[i] = backend.insert(results[i]);
  return true;
}

}  // namespace tslora
