// The table of kernels. Each file whose functions it names is compiled once for each instruction set, with
// TSLORA_INSTRUCTIONS_NAME set to the set's name. Loops are plain: the compiler turns them into vectors as wide as the
// instruction set has.
#include "kernels.h"
#include "philox.h"
#include "tiles.h"

namespace tslora {

extern const Kernels TSLORA_OWN(kernels);
const Kernels TSLORA_OWN(kernels) = {
    .gelu = TSLORA_OWN(gelu),
    .activate = TSLORA_OWN(activate),
    .gated = TSLORA_OWN(gated),
    .gated_backward = TSLORA_OWN(gated_backward),
    .rotary = TSLORA_OWN(rotary),
    .dropout = TSLORA_OWN(dropout),
    .keep_mask = TSLORA_OWN(keep_mask),
    .residual_norm = TSLORA_OWN(residual_norm),
    .residual_norm_backward = TSLORA_OWN(residual_norm_backward),
    .lower = TSLORA_OWN(lower),
    .drawn = DRAWN,
    .lower_gradient = TSLORA_OWN(lower_gradient),
    .lower_backward = TSLORA_OWN(lower_backward),
    .panel = NR,
    .pack_columns = TSLORA_OWN(pack_columns),
    .product = TSLORA_OWN(product),
    .batched_product = TSLORA_OWN(batched_product),
    .bf16_methods = TSLORA_OWN(bf16_methods),
    .bf16_pack_columns = TSLORA_OWN(bf16_pack_columns),
    .int8_methods = TSLORA_OWN(int8_methods),
    .int8_layout = TSLORA_OWN(int8_layout),
    .int8_pack = TSLORA_OWN(int8_pack),
    .int8_unpack = TSLORA_OWN(int8_unpack),
    .int8_scratch = TSLORA_OWN(int8_scratch),
    .int8_product = TSLORA_OWN(int8_product),
    .pool_scratch = TSLORA_OWN(pool_scratch),
    .pool_forward = TSLORA_OWN(pool_forward),
    .pool_backward = TSLORA_OWN(pool_backward),
    .attention_scratch = TSLORA_OWN(attention_scratch),
    .attention_forward = TSLORA_OWN(attention_forward),
    .attention_backward = TSLORA_OWN(attention_backward),
    .relative_scratch = TSLORA_OWN(relative_scratch),
    .relative_forward = TSLORA_OWN(relative_forward),
    .relative_backward = TSLORA_OWN(relative_backward),
};

}  // namespace tslora
