// Runs a graph function by its name.
#ifndef TSLORA_RUN_FUNCTION_H_
#define TSLORA_RUN_FUNCTION_H_

#include <node_api.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "backend.h"
#include "values.h"

namespace tslora {

// A function in TensorFlow's context, and its arguments after the tensors.
struct Recorded {
  std::string name;
  // Settings of TensorFlow, a serialized ConfigProto.
  std::string config;
  // The executor's name; TensorFlow's default if it is empty.
  std::string executor;
  // Where each vector of integers lies among all integers, and its length; -1 means one integer.
  std::vector<std::pair<int32_t, int32_t>> integers;
  // Where the numbers of the last argument, a vector, lie among all floats. There is none without numbers.
  std::vector<int32_t> floats;
  int outputs = 0;
};

// Arguments of one call.
struct CallInputs {
  Numbers<int32_t> tensors;  // ids
  Numbers<int32_t> integers;
  Numbers<float> floats;
};

// Runs a function, and writes the ids of its results. Throws a JavaScript error and returns false if it fails.
bool run_function(napi_env env, const Backend& backend, const Recorded& recorded, const CallInputs& inputs,
                  int32_t* ids);

}  // namespace tslora

#endif  // TSLORA_RUN_FUNCTION_H_
