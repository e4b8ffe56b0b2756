#include "instructions.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "operations.h"

namespace tslora {

// Null if the binding was linked without the set.
extern const Kernels kernels_baseline __attribute__((weak));
#if defined(__x86_64__)
extern const Kernels kernels_avx2 __attribute__((weak)), kernels_avx512 __attribute__((weak));
#endif

namespace {

// A bit of a register of cpuid: leaf 7, and its subleaf.
enum class Register { EAX, EDX };
bool has_feature(uint32_t subleaf, Register which, int bit) {
#if defined(__x86_64__)
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(7, subleaf, &eax, &ebx, &ecx, &edx) == 0) return false;
  return ((which == Register::EAX ? eax : edx) >> bit & 1) != 0;
#else
  return false;
#endif
}

// Linux saves the large registers of AMX only for a process that asks for them.
bool may_use_amx() {
#if defined(__linux__) && defined(__x86_64__)
  constexpr long REQUEST = 0x1023, TILE_DATA = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool may = has_feature(0, Register::EDX, 24) && syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
  return may;
#else
  return false;
#endif
}

}  // namespace

bool has_avx512_bf16() { return has_feature(1, Register::EAX, 5); }

bool has_amx(Amx kind) { return has_feature(0, Register::EDX, kind == Amx::BF16 ? 22 : 25) && may_use_amx(); }

const std::vector<InstructionSet>& instruction_sets() {
  static const std::vector<InstructionSet> sets = [] {
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    const Kernels *for_avx2 = &kernels_avx2, *for_avx512 = &kernels_avx512;
#else
    const bool avx2 = false, avx512 = false;
    const Kernels *for_avx2 = nullptr, *for_avx512 = nullptr;
#endif
    return std::vector<InstructionSet>{
        {.name = "baseline", .supported = true, .kernels = &kernels_baseline},
        {.name = "avx2", .supported = avx2, .kernels = for_avx2},
        {.name = "avx512", .supported = avx512, .kernels = for_avx512},
    };
  }();
  return sets;
}

int requested_set() {
  const std::vector<InstructionSet>& sets = instruction_sets();
  const char* name = std::getenv("TSLORA_INSTRUCTIONS");
  for (int i = static_cast<int>(sets.size()) - 1; i >= 0; --i) {
    if (name == nullptr || *name == 0 ? sets[i].supported : std::strcmp(name, sets[i].name) == 0) return i;
  }
  return -1;
}

const Kernels* find_kernels() {
  static const Kernels* const found = [] {
    const int set = requested_set();
    return set >= 0 && instruction_sets()[set].supported ? instruction_sets()[set].kernels : nullptr;
  }();
  return found;
}

const Kernels& choose_kernels() { return *find_kernels(); }

// -> y [3]: the index of the requested set or -1, the supported sets and the compiled sets, each of these as a sum of
// 2^index.
void InstructionsOp::compute(Call& call) const {
  TF_Tensor* y = call.output(0, {3});
  if (!call.ok()) return;
  int supported = 0, compiled = 0;
  for (size_t i = 0; i < instruction_sets().size(); ++i) {
    supported |= instruction_sets()[i].supported << i;
    compiled |= (instruction_sets()[i].kernels != nullptr) << i;
  }
  floats(y)[0] = static_cast<float>(requested_set());
  floats(y)[1] = static_cast<float>(supported);
  floats(y)[2] = static_cast<float>(compiled);
}

}  // namespace tslora
