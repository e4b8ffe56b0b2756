// Registers the operations with TensorFlow, for the CPU, when the binding is loaded.
#include <exception>
#include <initializer_list>
#include <new>
#include <type_traits>

#include "instructions.h"
#include "operations.h"
#include "tensorflow/c/ops.h"

namespace tslora {
namespace {

// An operation's name and signature, in TensorFlow's notation: "x: float".
struct Definition {
  const char* name;
  std::initializer_list<const char*> inputs;
  std::initializer_list<const char*> outputs;
  std::initializer_list<const char*> attributes;
};

template <typename Operation>
void* create(TF_OpKernelConstruction* construction) {
  Attributes attributes(construction);
  return new Operation(attributes);
}

template <typename Operation>
void run(void* operation, TF_OpKernelContext* context) {
  Call call(context);
  if (!std::is_same<Operation, InstructionsOp>::value &&
      !call.expect(find_kernels() != nullptr, "tslora's kernels must be compiled for the requested instruction set"))
    return;
  try {
    static_cast<const Operation*>(operation)->compute(call);
  } catch (const std::bad_alloc&) {
    call.out_of_memory();
  } catch (const std::exception& error) {  // must not leave through TensorFlow's C frames
    call.fail(error.what());
  }
}

template <typename Operation>
void destroy(void* operation) {
  delete static_cast<Operation*>(operation);
}

template <typename Operation>
void add(const Definition& definition) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(definition.name);
  for (const char* input : definition.inputs) TF_OpDefinitionBuilderAddInput(builder, input);
  for (const char* output : definition.outputs) TF_OpDefinitionBuilderAddOutput(builder, output);
  for (const char* attribute : definition.attributes) TF_OpDefinitionBuilderAddAttr(builder, attribute);
  TF_RegisterOpDefinition(builder, status);
  // If this fails, the TypeScript side finds no such operation and reports it.
  if (TF_GetCode(status) == TF_OK)
    TF_RegisterKernelBuilder(
        definition.name,
        TF_NewKernelBuilder(definition.name, "CPU", create<Operation>, run<Operation>, destroy<Operation>), status);
  TF_DeleteStatus(status);
}

void register_products() {
  add<PackOp>({.name = "TsloraPack",
               .inputs = {"w: float"},
               .outputs = {"packed: float"},
               .attributes = {"transpose: bool", "bf16: bool"}});
  add<Bf16MethodsOp>({.name = "TsloraBf16Methods", .inputs = {}, .outputs = {"y: float"}, .attributes = {}});
  add<ProductOp>(
      {.name = "TsloraProduct",
       .inputs = {"x: float", "w: float", "x2: float", "w2: float", "x3: float", "w3: float", "bias: float",
                  "plus: float", "plus2: float", "plus3: float", "plus4: float", "times: float"},
       .outputs = {"y: float", "slope: float"},
       .attributes = {"columns: int", "activation: int", "derivative: bool", "bf16: int", "bf16_method: int"}});
  add<Int8MethodsOp>({.name = "TsloraInt8Methods", .inputs = {}, .outputs = {"y: float"}, .attributes = {}});
  add<Int8QuantizeOp>({.name = "TsloraInt8Quantize",
                       .inputs = {"w: float"},
                       .outputs = {"packed: int8", "channels: float"},
                       .attributes = {"method: int"}});
  add<Int8DequantizeOp>({.name = "TsloraInt8Dequantize",
                         .inputs = {"packed: int8", "channels: float"},
                         .outputs = {"w: float"},
                         .attributes = {"method: int", "depth: int"}});
  add<Int8ProductOp>({.name = "TsloraInt8Product",
                      .inputs = {"x: float", "packed: int8", "channels: float", "bias: float", "x2: float", "w2: float",
                                 "plus: float"},
                      .outputs = {"y: float"},
                      .attributes = {"method: int", "activation: int"}});
  add<BatchedProductOp>({.name = "TsloraBatchedProduct",
                         .inputs = {"a: float", "b: float"},
                         .outputs = {"c: float"},
                         .attributes = {"transpose_a: bool", "transpose_b: bool"}});
  add<LowerOp>({.name = "TsloraLower",
                .inputs = {"x: float", "a: float", "seed: int32"},
                .outputs = {"low: float"},
                .attributes = {"scale: float", "rate: float"}});
  add<LowerGradientOp>({.name = "TsloraLowerGradient",
                        .inputs = {"d_low: float", "x: float", "seed: int32"},
                        .outputs = {"da: float"},
                        .attributes = {"rate: float"}});
  add<LowerBackwardOp>({.name = "TsloraLowerBackward",
                        .inputs = {"d_low: float", "a: float", "seed: int32"},
                        .outputs = {"dx: float"},
                        .attributes = {"rate: float"}});
}

void register_rows() {
  add<InstructionsOp>({.name = "TsloraInstructions", .inputs = {}, .outputs = {"y: float"}, .attributes = {}});
  add<GeluOp>({.name = "TsloraGelu",
               .inputs = {"x: float"},
               .outputs = {"y: float", "slope: float"},
               .attributes = {"activation: int", "derivative: bool"}});
  add<GatedOp>(
      {.name = "TsloraGated", .inputs = {"x: float"}, .outputs = {"y: float"}, .attributes = {"activation: int"}});
  add<GatedBackwardOp>({.name = "TsloraGatedBackward",
                        .inputs = {"dy: float", "x: float"},
                        .outputs = {"dx: float"},
                        .attributes = {"activation: int"}});
  add<RotaryOp>({.name = "TsloraRotary",
                 .inputs = {"x: float", "positions: int32", "cosine: float", "sine: float"},
                 .outputs = {"y: float"},
                 .attributes = {"heads: int", "inverse: bool"}});
  add<DropoutOp>({.name = "TsloraDropout",
                  .inputs = {"x: float", "seed: int32"},
                  .outputs = {"y: float"},
                  .attributes = {"rate: float"}});
  add<KeepMaskOp>({.name = "TsloraKeepMask",
                   .inputs = {"shape: int32", "seed: int32"},
                   .outputs = {"y: float"},
                   .attributes = {"rate: float"}});
  add<ResidualNormOp>({.name = "TsloraResidualNorm",
                       .inputs = {"x: float", "residual: float", "gamma: float", "beta: float", "seed: int32"},
                       .outputs = {"y: float", "normalized: float", "inverse_deviation: float"},
                       .attributes = {"rate: float", "epsilon: float"}});
  add<ResidualNormBackwardOp>(
      {.name = "TsloraResidualNormBackward",
       .inputs = {"dy: float", "gamma: float", "normalized: float", "inverse_deviation: float", "seed: int32"},
       .outputs = {"ds: float", "dx: float"},
       .attributes = {"rate: float"}});
}

void register_attention() {
  add<PoolTokensOp>(
      {.name = "TsloraPoolTokens",
       .inputs = {"u: float", "x: float", "q: float", "key: float", "value: float", "groups: int32", "seed: int32"},
       .outputs = {"pooled: float", "sums: float", "update: float", "weights: float"},
       .attributes = {"rate: float", "keep: bool"}});
  add<PoolTokensBackwardOp>(
      {.name = "TsloraPoolTokensBackward",
       .inputs = {"u: float", "x: float", "q: float", "key: float", "value: float", "groups: int32", "weights: float",
                  "d_pooled: float", "d_sums: float", "d_update: float"},
       .outputs = {"du: float", "dx: float", "dq: float", "d_key: float", "d_value: float"},
       .attributes = {"rate: float", "needs_input: bool"}});
  add<AttentionOp>({.name = "TsloraAttention",
                    .inputs = {"q: float", "k: float", "v: float", "groups: int32", "seed: int32"},
                    .outputs = {"y: float"},
                    .attributes = {"heads: int", "scale: float", "rate: float", "first_token: bool"}});
  add<AttentionBackwardOp>(
      {.name = "TsloraAttentionBackward",
       .inputs = {"q: float", "k: float", "v: float", "y: float", "dy: float", "groups: int32", "seed: int32"},
       .outputs = {"dq: float", "dk: float", "dv: float"},
       .attributes = {"heads: int", "scale: float", "rate: float", "first_token: bool", "needs_key: bool"}});
}

void register_relative_attention() {
  add<RelativeAttentionOp>(
      {.name = "TsloraRelativeAttention",
       .inputs = {"q: float", "k: float", "v: float", "bias: float", "position_key: float", "position_query: float",
                  "index: int32", "groups: int32", "seed: int32"},
       .outputs = {"y: float", "weights: float"},
       .attributes = {"heads: int", "scale: float", "rate: float", "first_token: bool", "window: int", "keep: bool"}});
  add<RelativeAttentionBackwardOp>(
      {.name = "TsloraRelativeAttentionBackward",
       .inputs = {"q: float", "k: float", "v: float", "bias: float", "position_key: float", "position_query: float",
                  "index: int32", "y: float", "weights: float", "dy: float", "groups: int32"},
       .outputs = {"dq: float", "dk: float", "dv: float", "d_bias: float", "d_position_key: float",
                   "d_position_query: float"},
       .attributes = {"heads: int", "scale: float", "rate: float", "first_token: bool", "window: int",
                      "needs_key: bool", "needs_bias: bool", "needs_positions: bool"}});
}

__attribute__((constructor)) void register_operations() {
  register_rows();
  register_products();
  register_attention();
  register_relative_attention();
}

}  // namespace
}  // namespace tslora
