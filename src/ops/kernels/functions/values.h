// Reading JavaScript values. Each function throws a JavaScript error and returns false, or a default, if a value is not
// of the kind that it reads.
#ifndef TSLORA_VALUES_H_
#define TSLORA_VALUES_H_

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace tslora {

// Numbers of a typed array. They belong to JavaScript: valid until the call returns.
template <typename T>
struct Numbers {
  const T* data = nullptr;
  size_t size = 0;
};

// Throws a JavaScript error, unless one is pending. Returns false.
bool fail(napi_env env, const std::string& message);
bool pending(napi_env env);

bool read(napi_env env, napi_value value, int32_t* result);
bool read(napi_env env, napi_value value, std::string* result);
bool read(napi_env env, napi_value value, Numbers<int32_t>* result);
bool read(napi_env env, napi_value value, Numbers<float>* result);
// A property of an object.
bool get(napi_env env, napi_value object, const char* name, napi_value* result);
// An element of an array, and the number of elements.
bool at(napi_env env, napi_value array, uint32_t index, napi_value* result);
bool length(napi_env env, napi_value array, uint32_t* result);
bool is_array(napi_env env, napi_value value);

template <typename T>
bool get(napi_env env, napi_value object, const char* name, T* result) {
  napi_value value;
  return get(env, object, name, &value) && read(env, value, result);
}

}  // namespace tslora

#endif  // TSLORA_VALUES_H_
