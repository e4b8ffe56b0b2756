// Choice of the instruction set whose kernels the operations call.
#ifndef TSLORA_INSTRUCTIONS_H_
#define TSLORA_INSTRUCTIONS_H_

#include <vector>

#include "../kernels.h"

namespace tslora {

// An instruction set that tslora has kernels for.
struct InstructionSet {
  const char* name;
  bool supported;          // whether this processor has it
  const Kernels* kernels;  // null if the binding was linked without them
};

// All instruction sets, the narrowest first, on every architecture.
const std::vector<InstructionSet>& instruction_sets();

// Index of the requested set: the one that TSLORA_INSTRUCTIONS names, else the widest that the processor has. -1 if
// TSLORA_INSTRUCTIONS names none.
int requested_set();

// The kernels of the requested set; null if the processor lacks it or it was not compiled. Another set is never used
// instead.
const Kernels* find_kernels();

// As find_kernels(), for operations: they run only if it is not null.
const Kernels& choose_kernels();

// The kinds of numbers that AMX multiplies.
enum class Amx { BF16, INT8 };

// Whether the processor has AMX's products of such numbers, and the system saves its registers for this process.
bool has_amx(Amx kind);

// Whether the processor has AVX512-BF16.
bool has_avx512_bf16();

}  // namespace tslora

#endif  // TSLORA_INSTRUCTIONS_H_
