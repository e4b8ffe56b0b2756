#include "bf16_methods.h"

#include "instructions.h"
#include "operations.h"

namespace tslora {
int bf16_methods() {
  static const int methods = [] {
    const bool pairs = has_avx512_bf16(), blocks = has_amx(Amx::BF16);
    int missing = 0;
    if (!pairs) missing |= 1 << static_cast<int>(Bf16Method::PAIRS);
    if (!blocks) missing |= 1 << static_cast<int>(Bf16Method::BLOCKS);
    return choose_kernels().bf16_methods() & ~missing;
  }();
  return methods;
}

// -> y [2]: the fastest method that has instructions, or -1; and all methods as a sum of 2^method.
void Bf16MethodsOp::compute(Call& call) const {
  TF_Tensor* y = call.output(0, {2});
  if (!call.ok()) return;
  int best = -1;
  for (const Bf16Method method : {Bf16Method::PAIRS, Bf16Method::BLOCKS})
    if ((bf16_methods() >> static_cast<int>(method) & 1) != 0) best = static_cast<int>(method);
  floats(y)[0] = static_cast<float>(best);
  floats(y)[1] = static_cast<float>(bf16_methods());
}

}  // namespace tslora
