#include "build_graph.h"

#include <cstring>
#include <vector>

#include "values.h"

namespace tslora {

namespace {

class Builder {
 public:
  explicit Builder(napi_env env) : env_(env) {}

  bool arguments(napi_value types) {
    Numbers<int32_t> all;
    if (!read(env_, types, &all)) return false;
    for (size_t i = 0; i < all.size; i++) {
      TF_OperationDescription* made = TF_NewOperation(graph_.get(), "Placeholder", name("argument").c_str());
      TF_SetAttrType(made, "dtype", static_cast<TF_DataType>(all.data[i]));
      if (!finish(made, 1)) return false;
    }
    arguments_ = all.size;
    return true;
  }

  bool constants(napi_value constants) {
    return each(constants, [this](napi_value constant) {
      Numbers<int32_t> sizes;
      napi_value values;
      if (!get(env_, constant, "sizes", &sizes) || !get(env_, constant, "values", &values)) return false;
      napi_typedarray_type type;
      size_t count = 0;
      void* data = nullptr;
      if (napi_get_typedarray_info(env_, values, &type, &count, &data, nullptr, nullptr) != napi_ok)
        return fail(env_, "a constant's values are missing");
      if (type != napi_int32_array && type != napi_float32_array)
        return fail(env_, "a constant must have integers or floats");
      const TF_DataType of = type == napi_int32_array ? TF_INT32 : TF_FLOAT;
      const std::vector<int64_t> shape(sizes.data, sizes.data + sizes.size);
      const Tensor tensor(TF_AllocateTensor(of, shape.data(), static_cast<int>(shape.size()), count * 4));
      if (TF_TensorElementCount(tensor.get()) != static_cast<int64_t>(count))
        return fail(env_, "a constant's values must fit its sizes");
      memcpy(TF_TensorData(tensor.get()), data, count * 4);
      TF_OperationDescription* made = TF_NewOperation(graph_.get(), "Const", name("constant").c_str());
      TF_SetAttrType(made, "dtype", of);
      TF_SetAttrTensor(made, "value", tensor.get(), status_);
      return finish(made, 1);
    });
  }

  bool operations(napi_value operations) {
    return each(operations, [this](napi_value operation) {
      std::string op;
      napi_value attributes;
      napi_value inputs;
      int32_t outputs = 0;
      if (!get(env_, operation, "op", &op) || !get(env_, operation, "attributes", &attributes) ||
          !get(env_, operation, "inputs", &inputs) || !get(env_, operation, "outputs", &outputs))
        return false;
      TF_OperationDescription* made = TF_NewOperation(graph_.get(), op.c_str(), name(op).c_str());
      // An unfinished description belongs to the graph: there is nothing to free after a failure.
      if (!each(inputs, [&](napi_value input) { return add_input(made, input); })) return false;
      if (!each(attributes, [&](napi_value attribute) { return set_attribute(made, attribute); })) return false;
      return finish(made, outputs);
    });
  }

  GraphFunction function(const std::string& name, napi_value outputs) {
    Numbers<int32_t> all;
    if (!read(env_, outputs, &all)) return nullptr;
    std::vector<TF_Output> returned;
    for (size_t i = 0; i < all.size; i++) {
      if (!known(all.data[i])) return nullptr;
      returned.push_back(values_[all.data[i]]);
    }
    GraphFunction made(TF_GraphToFunction(graph_.get(), name.c_str(), 0, -1, nullptr, static_cast<int>(arguments_),
                                          values_.data(), static_cast<int>(returned.size()), returned.data(), nullptr,
                                          nullptr, nullptr, status_));
    if (status_.ok()) return made;
    fail(env_, status_.message());
    return nullptr;
  }

 private:
  template <typename Body>
  bool each(napi_value array, const Body& body) {
    uint32_t count = 0;
    if (!length(env_, array, &count)) return false;
    for (uint32_t i = 0; i < count; i++) {
      napi_handle_scope scope;
      napi_open_handle_scope(env_, &scope);
      napi_value element;
      const bool done = at(env_, array, i, &element) && body(element);
      napi_close_handle_scope(env_, scope);
      if (!done) return false;
    }
    return true;
  }

  // The names of operations are in TensorFlow's messages.
  std::string name(const std::string& op) const { return op + "_" + std::to_string(made_); }

  bool known(int32_t value) {
    return (value >= 0 && static_cast<size_t>(value) < values_.size()) || fail(env_, "an operation's input is unknown");
  }

  bool finish(TF_OperationDescription* made, int32_t outputs) {
    TF_Operation* operation = TF_FinishOperation(made, status_);
    if (!status_.ok()) return fail(env_, status_.message());
    if (TF_OperationNumOutputs(operation) < outputs) return fail(env_, "an operation has fewer outputs than recorded");
    made_++;
    for (int32_t i = 0; i < outputs; i++) values_.push_back({operation, i});
    return true;
  }

  bool add_input(TF_OperationDescription* made, napi_value input) {
    int32_t value = 0;
    if (!is_array(env_, input)) {
      if (!read(env_, input, &value) || !known(value)) return false;
      TF_AddInput(made, values_[value]);
      return true;
    }
    std::vector<TF_Output> list;
    const bool all = each(input, [&](napi_value element) {
      if (!read(env_, element, &value) || !known(value)) return false;
      list.push_back(values_[value]);
      return true;
    });
    if (all) TF_AddInputList(made, list.data(), static_cast<int>(list.size()));
    return all;
  }

  bool set_attribute(TF_OperationDescription* made, napi_value attribute) {
    std::string name;
    int32_t type = 0;
    napi_value value;
    if (!get(env_, attribute, "name", &name) || !get(env_, attribute, "type", &type) ||
        !get(env_, attribute, "value", &value))
      return false;
    int32_t integer = 0;
    double number = 0;
    bool flag = false;
    switch (type) {
      case TF_ATTR_BOOL:
        if (napi_get_value_bool(env_, value, &flag) != napi_ok) return fail(env_, name + " must be true or false");
        TF_SetAttrBool(made, name.c_str(), flag);
        return true;
      case TF_ATTR_FLOAT:
        if (napi_get_value_double(env_, value, &number) != napi_ok) return fail(env_, name + " must be a number");
        TF_SetAttrFloat(made, name.c_str(), static_cast<float>(number));
        return true;
      case TF_ATTR_INT:
        if (!read(env_, value, &integer)) return false;
        TF_SetAttrInt(made, name.c_str(), integer);
        return true;
      case TF_ATTR_TYPE:
        if (!read(env_, value, &integer)) return false;
        TF_SetAttrType(made, name.c_str(), static_cast<TF_DataType>(integer));
        return true;
      default:
        return fail(env_, "the attribute " + name + " has a type that cannot be recorded");
    }
  }

  napi_env env_;
  Graph graph_{TF_NewGraph()};
  Status status_;
  std::vector<TF_Output> values_;
  size_t arguments_ = 0;
  int64_t made_ = 0;
};

}  // namespace

GraphFunction build_graph(napi_env env, const std::string& name, napi_value parts) {
  napi_value arguments;
  napi_value constants;
  napi_value operations;
  napi_value outputs;
  if (!get(env, parts, "arguments", &arguments) || !get(env, parts, "constants", &constants) ||
      !get(env, parts, "operations", &operations) || !get(env, parts, "outputs", &outputs))
    return nullptr;
  Builder builder(env);
  if (!builder.arguments(arguments) || !builder.constants(constants) || !builder.operations(operations)) return nullptr;
  return builder.function(name, outputs);
}

}  // namespace tslora
