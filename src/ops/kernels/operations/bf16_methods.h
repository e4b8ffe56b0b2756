// The ways to multiply numbers in bfloat16 on this processor.
#ifndef TSLORA_BF16_METHODS_H_
#define TSLORA_BF16_METHODS_H_

namespace tslora {

// The methods that are compiled in and that the processor and the system have, as a sum of 2^method.
int bf16_methods();

}  // namespace tslora

#endif  // TSLORA_BF16_METHODS_H_
