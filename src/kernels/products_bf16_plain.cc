// The products of BFloat16 where the CPU has no instruction for them: two multiply-adds in float
// for each pair, in the order of AVX-512 BF16, whose results these are, denormals apart, on targets
// that fuse multiplications and additions. For tests and comparisons: no faster than products of
// floats.

#include "edgeprune/kernels/products.h"

#include "depth_blocks.h"
#include "products_bf16.h"

#include <algorithm>
#include <cstring>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "products_bf16_plain.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {

// Pairs of columns, or one pair for all of them, as floats.
struct Pairs {
  Vector first;
  Vector second;

  explicit Pairs(hn::Vec<Tag32> pairs)
      : first(hn::BitCast(Tag(), hn::ShiftLeft<16>(pairs))),
        second(hn::BitCast(Tag(), hn::And(pairs, hn::Set(Tag32(), 0xffff0000u)))) {}
  static Pairs of_columns(const BFloat16* from) {
#if HWY_TARGET == HWY_SCALAR
    return of_row(from);
#else
    const hn::Repartition<std::uint16_t, Tag> d;
    return Pairs(hn::BitCast(Tag32(), hn::LoadU(d, &from->bits)));
#endif
  }
  static Pairs of_row(const BFloat16* from) {
    std::uint32_t pair;
    std::memcpy(&pair, from, sizeof(pair));
    return Pairs(hn::Set(Tag32(), pair));
  }
};

Vector add_products(const Pairs& a, const Pairs& b, Vector sum) {
  return hn::MulAdd(a.first, b.first, hn::MulAdd(a.second, b.second, sum));
}

Vector add_to(const float* before, Vector sum) {
  return hn::Add(hn::LoadU(Tag(), before), sum);
}

// One row of A times one vector of a panel `width` columns wide.
Vector product_of_row(const BFloat16* row, const DepthBlock& block, const BFloat16* panel,
                      std::size_t width) {
  Vector sum = hn::Zero(Tag());
  for (std::size_t s = 0; s < block.num_segments; ++s, row += block.stride) {
    for (std::size_t k = 0; k < block.length; k += 2, panel += 2 * width) {
      sum = add_products(Pairs::of_row(row + k), Pairs::of_columns(panel), sum);
    }
  }
  return sum;
}

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out) {
  const std::size_t width = kernels::padded_columns(columns);
  bool accumulate = false;
  for_depth_blocks(a.num_segments, a.segment_length, a.segment_stride, bf16::kDepthBlock,
                   [&](const DepthBlock& block) {
                     for (std::size_t r = 0; r < a.num_rows; ++r) {
                       for (std::size_t c = 0; c < width; c += lanes()) {
                         float* to = out + r * width + c;
                         const Vector sum =
                             product_of_row(a.rows[r] + block.offset, block, panel + 2 * c, width);
                         hn::StoreU(accumulate ? add_to(to, sum) : sum, Tag(), to);
                       }
                     }
                     panel += block.num_segments * bf16::even(block.length) * width;
                     accumulate = true;
                   });
}

void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate) {
  for (std::size_t begin = 0; begin < num_pairs; begin += bf16::kPairBlock) {
    const std::size_t end = std::min(begin + bf16::kPairBlock, num_pairs);
    bf16::for_left_strips(
        a, num_pairs, depth, lanes(),
        [&](std::size_t first, std::size_t count, const BFloat16* rows, std::size_t stride) {
          for (std::size_t k = 0; k < count; ++k) {
            for (std::size_t j = 0; j < columns; j += lanes()) {
              Vector sum = hn::Zero(Tag());
              for (std::size_t p = begin; p < end; ++p) {
                sum = add_products(Pairs::of_row(rows + 2 * (p * stride + k)),
                                   Pairs::of_columns(g + 2 * (p * columns + j)), sum);
              }
              float* to = c + (first + k) * c_stride + j;
              hn::StoreU(accumulate || begin > 0 ? add_to(to, sum) : sum, Tag(), to);
            }
          }
        });
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels::bf16::plain {

HWY_EXPORT(product_panel);
HWY_EXPORT(outer_product_of_pairs);

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out) {
  HWY_DYNAMIC_DISPATCH(product_panel)(a, panel, columns, out);
}

void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(outer_product_of_pairs)
  (a, depth, g, columns, num_pairs, c, c_stride, accumulate);
}

}  // namespace edgeprune::kernels::bf16::plain
#endif
