#include "bf16_methods.h"

#include <cstdint>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "instructions.h"
#include "operations.h"

namespace tslora {
namespace {

#if defined(__x86_64__)
// A bit of a register of cpuid: leaf 7, and its subleaf.
enum class Register { EAX, EDX };
bool has_feature(uint32_t subleaf, Register which, int bit) {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, subleaf, &eax, &ebx, &ecx, &edx) == 0) return false;
  return ((which == Register::EAX ? eax : edx) >> bit & 1) != 0;
}

bool has_avx512_bf16() { return has_feature(1, Register::EAX, 5); }

bool has_amx_bf16() { return has_feature(0, Register::EDX, 24) && has_feature(0, Register::EDX, 22); }
#else
bool has_avx512_bf16() { return false; }
bool has_amx_bf16() { return false; }
#endif

// Linux saves the large registers of AMX only for a process that asks for them.
bool may_use_amx() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long REQUEST = 0x1023, TILE_DATA = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
#else
  return false;
#endif
}

}  // namespace

int bf16_methods() {
  static const int methods = [] {
    const bool pairs = has_avx512_bf16(), blocks = pairs && has_amx_bf16() && may_use_amx();
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
