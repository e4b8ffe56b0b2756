// The binding's module: tfjs-node's functions, and those for graph functions.
//
// - defineFunction(name, parts): adds a graph function to TensorFlow's context and returns it. Parts are those of
//   build_graph.h, and further config and executor (strings), integers (Int32Array: pairs of place and length) and
//   floats (Int32Array: places); see run_function.h.
// - runFunction(function, tensors, integers, floats): runs it once, and returns the ids of its results, an Int32Array.
// - removeFunction(function): removes it from TensorFlow's context.
// - executions(): the number of operations and functions that were executed so far.
#include <node_api.h>

#include "backend.h"
#include "build_graph.h"
#include "owned.h"
#include "run_function.h"
#include "values.h"

// The package's own registration, under the name that binding-commands.mjs gives it.
extern "C" napi_value tslora_register_tfjs(napi_env env, napi_value exports);

namespace tslora {

namespace {

void free_recorded(napi_env, void* recorded, void*) { delete static_cast<Recorded*>(recorded); }

template <size_t kCount>
bool arguments_of(napi_env env, napi_callback_info info, napi_value (&values)[kCount]) {
  size_t count = kCount;
  return (napi_get_cb_info(env, info, &count, values, nullptr, nullptr) == napi_ok && count == kCount) ||
         fail(env, "arguments are missing");
}

Recorded* recorded_of(napi_env env, napi_value value) {
  void* recorded = nullptr;
  if (napi_get_value_external(env, value, &recorded) != napi_ok) fail(env, "a function is missing");
  return static_cast<Recorded*>(recorded);
}

bool read_layout(napi_env env, napi_value parts, Recorded* recorded) {
  Numbers<int32_t> integers;
  Numbers<int32_t> floats;
  Numbers<int32_t> outputs;
  if (!get(env, parts, "config", &recorded->config) || !get(env, parts, "executor", &recorded->executor) ||
      !get(env, parts, "integers", &integers) || !get(env, parts, "floats", &floats) ||
      !get(env, parts, "outputs", &outputs))
    return false;
  for (size_t i = 0; i + 1 < integers.size; i += 2)
    recorded->integers.emplace_back(integers.data[i], integers.data[i + 1]);
  recorded->floats.assign(floats.data, floats.data + floats.size);
  recorded->outputs = static_cast<int>(outputs.size);
  return true;
}

napi_value define_function(napi_env env, napi_callback_info info) {
  napi_value values[2];
  auto recorded = std::make_unique<Recorded>();
  const Backend backend(env);
  if (!backend.known() || !arguments_of(env, info, values) || !read(env, values[0], &recorded->name) ||
      !read_layout(env, values[1], recorded.get()))
    return nullptr;
  const GraphFunction function = build_graph(env, recorded->name, values[1]);
  if (function == nullptr) return nullptr;
  Status status;
  TFE_ContextAddFunction(backend.context(), function.get(), status);
  napi_value result = nullptr;
  if (!status.ok())
    fail(env, status.message());
  else if (napi_create_external(env, recorded.get(), free_recorded, nullptr, &result) == napi_ok)
    recorded.release();
  return result;
}

napi_value run(napi_env env, napi_callback_info info) {
  napi_value values[4];
  const Backend backend(env);
  if (!backend.known() || !arguments_of(env, info, values)) return nullptr;
  const Recorded* recorded = recorded_of(env, values[0]);
  CallInputs inputs;
  if (recorded == nullptr || !read(env, values[1], &inputs.tensors) || !read(env, values[2], &inputs.integers) ||
      !read(env, values[3], &inputs.floats))
    return nullptr;
  napi_value buffer;
  napi_value result = nullptr;
  void* ids = nullptr;
  const size_t count = static_cast<size_t>(recorded->outputs);
  if (napi_create_arraybuffer(env, count * sizeof(int32_t), &ids, &buffer) != napi_ok ||
      !run_function(env, backend, *recorded, inputs, static_cast<int32_t*>(ids)))
    return nullptr;
  napi_create_typedarray(env, napi_int32_array, count, buffer, 0, &result);
  return result;
}

napi_value remove_function(napi_env env, napi_callback_info info) {
  napi_value values[1];
  const Backend backend(env);
  if (!backend.known() || !arguments_of(env, info, values)) return nullptr;
  const Recorded* recorded = recorded_of(env, values[0]);
  if (recorded == nullptr) return nullptr;
  Status status;
  TFE_ContextRemoveFunction(backend.context(), recorded->name.c_str(), status);
  if (!status.ok()) fail(env, status.message());
  return nullptr;
}

napi_value count_executions(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_create_int64(env, executions(), &result);
  return result;
}

}  // namespace

}  // namespace tslora

extern "C" NAPI_MODULE_EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  exports = tslora_register_tfjs(env, exports);
  if (exports == nullptr || tslora::pending(env)) return exports;
  const auto method = [](const char* name, napi_callback callback) {
    return napi_property_descriptor{name, nullptr, callback, nullptr, nullptr, nullptr, napi_default, nullptr};
  };
  const napi_property_descriptor own[] = {
      method("defineFunction", tslora::define_function),
      method("runFunction", tslora::run),
      method("removeFunction", tslora::remove_function),
      method("executions", tslora::count_executions),
  };
  napi_define_properties(env, exports, sizeof(own) / sizeof(own[0]), own);
  return exports;
}
