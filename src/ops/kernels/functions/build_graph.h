// Builds a graph function from recorded operations.
#ifndef TSLORA_BUILD_GRAPH_H_
#define TSLORA_BUILD_GRAPH_H_

#include <node_api.h>

#include <string>

#include "owned.h"

namespace tslora {

// Builds the function. Its values are numbered: arguments, then constants, then the outputs of its operations, in
// order. Throws a JavaScript error and returns nullptr if TensorFlow refuses an operation; the message names it.
//
// - parts.arguments: Int32Array, the type of each argument; sizes are unknown
// - parts.constants: { sizes: Int32Array, values: Int32Array | Float32Array }[]
// - parts.operations: { op, attributes, inputs, outputs }[]; an input is a value's number, or an array of them for a
//   list of tensors; attributes are those of executeOp
// - parts.outputs: Int32Array, the values that are returned
GraphFunction build_graph(napi_env env, const std::string& name, napi_value parts);

}  // namespace tslora

#endif  // TSLORA_BUILD_GRAPH_H_
