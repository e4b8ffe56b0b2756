#include "values.h"

namespace tslora {

namespace {

template <typename T>
bool numbers(napi_env env, napi_value value, napi_typedarray_type expected, Numbers<T>* result) {
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &result->size, &data, nullptr, nullptr) != napi_ok)
    return fail(env, "a typed array is missing");
  if (type != expected) return fail(env, "a typed array must have the right element type");
  result->data = static_cast<const T*>(data);
  return true;
}

}  // namespace

bool fail(napi_env env, const std::string& message) {
  if (!pending(env)) napi_throw_error(env, nullptr, message.c_str());
  return false;
}

bool pending(napi_env env) {
  bool is_pending = false;
  napi_is_exception_pending(env, &is_pending);
  return is_pending;
}

bool read(napi_env env, napi_value value, int32_t* result) {
  return napi_get_value_int32(env, value, result) == napi_ok || fail(env, "a number is missing");
}

bool read(napi_env env, napi_value value, std::string* result) {
  size_t size = 0;
  if (napi_get_value_string_latin1(env, value, nullptr, 0, &size) != napi_ok) return fail(env, "a string is missing");
  result->resize(size + 1);
  napi_get_value_string_latin1(env, value, &(*result)[0], size + 1, &size);
  result->resize(size);
  return true;
}

bool read(napi_env env, napi_value value, Numbers<int32_t>* result) {
  return numbers(env, value, napi_int32_array, result);
}

bool read(napi_env env, napi_value value, Numbers<float>* result) {
  return numbers(env, value, napi_float32_array, result);
}

bool get(napi_env env, napi_value object, const char* name, napi_value* result) {
  return napi_get_named_property(env, object, name, result) == napi_ok ||
         fail(env, std::string("the property ") + name + " is missing");
}

bool at(napi_env env, napi_value array, uint32_t index, napi_value* result) {
  return napi_get_element(env, array, index, result) == napi_ok || fail(env, "an element is missing");
}

bool length(napi_env env, napi_value array, uint32_t* result) {
  return napi_get_array_length(env, array, result) == napi_ok || fail(env, "an array is missing");
}

bool is_array(napi_env env, napi_value value) {
  bool found = false;
  return napi_is_array(env, value, &found) == napi_ok && found;
}

}  // namespace tslora
