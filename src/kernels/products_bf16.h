#pragma once
// The products of BFloat16 (products.h), in AVX-512 BF16 intrinsics: Highway 1.0.3 has no bfloat16
// dot product for it. Elsewhere `plain` has them.

#include "edgeprune/kernels/elements.h"
#include "edgeprune/kernels/left_operand.h"
#include "edgeprune/kernels/read_ahead.h"

#include <algorithm>
#include <cstddef>

namespace edgeprune::kernels::bf16 {

/// Elements of a product that are summed in one chain, and pairs of rows of an outer product.
constexpr std::size_t kDepthBlock = 384;
constexpr std::size_t kPairBlock = 64;

/// Calls body(k, count, rows, stride) for strips of the left operand of `num_pairs` pairs of rows:
/// columns [k, k + count), whose pairs begin at `rows`, `stride` pairs apart: whole vectors of
/// `lanes` floats, as those of the SIMD target in use.
template <typename Body>
void for_left_strips(const BFloat16* a, std::size_t num_pairs, std::size_t depth, std::size_t lanes,
                     Body&& body) {
  for (std::size_t k = 0; k < depth; k += kLeftStrip) {
    const std::size_t count = std::min(kLeftStrip, depth - k);
    body(k, count, a + 2 * num_pairs * k, (count + lanes - 1) / lanes * lanes);
  }
}

/// Length of an odd segment with its partner of zeros.
constexpr std::size_t even(std::size_t length) {
  return (length + 1) / 2 * 2;
}

/// Whether this CPU has AVX-512 BF16, whatever SIMD target is in use. Without it, the functions
/// below do nothing.
extern const bool kCpuHasBf16;

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out, ReadAhead& ahead);
void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate, ReadAhead& ahead);

namespace plain {
void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out);
void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate);
}  // namespace plain

}  // namespace edgeprune::kernels::bf16
