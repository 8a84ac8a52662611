#pragma once
// The products of BFloat16 (products.h), in AVX-512 BF16 intrinsics: Highway 1.0.3 has no bfloat16
// dot product for it. Elsewhere `plain` has them.

#include "edgeprune/kernels/products.h"

namespace edgeprune::kernels::bf16 {

/// Elements of a product that are summed in one chain, and pairs of rows of an outer product.
constexpr std::size_t kDepthBlock = 384;
constexpr std::size_t kPairBlock = 128;

/// Length of an odd segment with its partner of zeros.
constexpr std::size_t even(std::size_t length) {
  return (length + 1) / 2 * 2;
}

/// Whether this CPU has AVX-512 BF16, whatever SIMD target is in use. Without it, the functions
/// below do nothing.
extern const bool kCpuHasBf16;

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out, ReadAhead& ahead);
void outer_product_of_pairs(const BFloat16* a, std::size_t a_stride, std::size_t depth,
                            const BFloat16* g, std::size_t g_stride, std::size_t columns,
                            std::size_t num_pairs, float* c, std::size_t c_stride,
                            ReadAhead& ahead);

namespace plain {
void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out);
void outer_product_of_pairs(const BFloat16* a, std::size_t a_stride, std::size_t depth,
                            const BFloat16* g, std::size_t g_stride, std::size_t columns,
                            std::size_t num_pairs, float* c, std::size_t c_stride);
}  // namespace plain

}  // namespace edgeprune::kernels::bf16
