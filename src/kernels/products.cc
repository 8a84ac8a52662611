#include "edgeprune/kernels/products.h"

#include <algorithm>

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "products.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {
// Register tiles: kRows x kVectors accumulators, kVectors loads and one broadcast must fit the
// target's registers (32 on AVX-512 and NEON, 16 elsewhere).
constexpr std::size_t kRows = 6;
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr std::size_t kVectors = 4;
#else
constexpr std::size_t kVectors = 2;
#endif
// Products of at most this many terms are summed in one chain: a panel's block stays in the first
// cache, and rounding errors stay those of short sums.
constexpr std::size_t kDepthBlock = 144;
constexpr std::size_t kRowBlock = 256;

std::size_t panel_columns() {
  return kVectors * lanes();
}

// One register tile of gathered_product: R rows times V vectors of columns, `valid` of them real.
template <std::size_t R, std::size_t V>
void product_tile(const float* const* rows, const std::int32_t* offsets, std::size_t depth,
                  const float* panel, float* c, std::size_t c_stride, std::size_t valid,
                  bool accumulate) {
  const Tag d;
  const std::size_t width = V * lanes();
  Vector sum[R][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::Zero(d);
  }
  for (std::size_t k = 0; k < depth; ++k) {
    Vector b[V];
    for (std::size_t v = 0; v < V; ++v) b[v] = hn::LoadU(d, panel + k * width + v * lanes());
    const std::int32_t offset = offsets[k];
    for (std::size_t r = 0; r < R; ++r) {
      const Vector a = hn::Set(d, rows[r][offset]);
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::MulAdd(a, b[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    float* out = c + r * c_stride;
    for (std::size_t v = 0; v < V; ++v) {
      const std::size_t begin = v * lanes();
      if (accumulate) sum[r][v] = hn::Add(sum[r][v], load(out + begin, valid - begin));
      store(sum[r][v], out + begin, valid - begin);
    }
  }
}

template <std::size_t V>
void product_rows(const float* const* rows, std::size_t num_rows, const std::int32_t* offsets,
                  std::size_t depth, const float* panel, float* c, std::size_t c_stride,
                  std::size_t valid, bool accumulate) {
  std::size_t r = 0;
  for (; r + kRows <= num_rows; r += kRows) {
    product_tile<kRows, V>(rows + r, offsets, depth, panel, c + r * c_stride, c_stride, valid,
                           accumulate);
  }
  for (; r < num_rows; ++r) {
    product_tile<1, V>(rows + r, offsets, depth, panel, c + r * c_stride, c_stride, valid,
                       accumulate);
  }
}

std::size_t vectors_of(std::size_t columns) {
  return (columns + lanes() - 1) / lanes();
}

std::size_t padded_columns(std::size_t columns) {
  return vectors_of(columns) * lanes();
}

// A panel is as wide as its columns need, in whole vectors: the last one may be narrower.
std::size_t packed_size(std::size_t depth, std::size_t columns) {
  return depth * padded_columns(columns);
}

void pack_columns(const StridedMatrix& b, std::size_t depth, std::size_t columns, float* packed) {
  for (std::size_t first = 0; first < columns; first += panel_columns()) {
    const std::size_t valid = std::min(columns - first, panel_columns());
    const std::size_t width = padded_columns(valid);
    for (std::size_t k = 0; k < depth; ++k) {
      const float* from = b.data + k * b.row_stride + first * b.column_stride;
      for (std::size_t j = 0; j < valid; ++j) packed[j] = from[j * b.column_stride];
      std::fill(packed + valid, packed + width, 0.0f);
      packed += width;
    }
  }
}

void product_panel(const GatheredRows& a, const float* panel, std::size_t valid, float* c,
                   std::size_t c_stride, bool accumulate) {
  const std::size_t width = padded_columns(valid);
  const std::size_t depth = a.offsets.size();
  for (std::size_t k = 0; k < depth; k += kDepthBlock) {
    const auto run = [&]<std::size_t V>() {
      product_rows<V>(a.rows.data(), a.rows.size(), a.offsets.data() + k,
                      std::min(kDepthBlock, depth - k), panel + k * width, c, c_stride, valid,
                      accumulate || k > 0);
    };
    switch (width / lanes()) {
      case 1:
        run.template operator()<1>();
        break;
      case 2:
        run.template operator()<std::min<std::size_t>(2, kVectors)>();
        break;
      case 3:
        run.template operator()<std::min<std::size_t>(3, kVectors)>();
        break;
      default:
        run.template operator()<kVectors>();
        break;
    }
  }
}

void gathered_product(const GatheredRows& a, const float* packed_b, std::size_t columns, float* c,
                      std::size_t c_stride, bool accumulate) {
  for (std::size_t first = 0; first < columns; first += panel_columns()) {
    const std::size_t valid = std::min(columns - first, panel_columns());
    product_panel(a, packed_b, valid, c + first, c_stride, accumulate);
    packed_b += a.offsets.size() * padded_columns(valid);
  }
}

// One register tile of gathered_outer_product: R rows of C (entries of A's rows) times V vectors.
template <std::size_t R, std::size_t V>
void outer_tile(const float* const* rows, std::size_t num_rows, const std::int32_t* offsets,
                const float* g, std::size_t stride, float* c) {
  const Tag d;
  Vector sum[R][V];
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::Zero(d);
  }
  for (std::size_t p = 0; p < num_rows; ++p) {
    Vector b[V];
    for (std::size_t v = 0; v < V; ++v) b[v] = hn::LoadU(d, g + p * stride + v * lanes());
    const float* row = rows[p];
    for (std::size_t r = 0; r < R; ++r) {
      const Vector a = hn::Set(d, row[offsets[r]]);
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::MulAdd(a, b[v], sum[r][v]);
    }
  }
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t v = 0; v < V; ++v) {
      float* out = c + r * stride + v * lanes();
      hn::StoreU(hn::Add(hn::LoadU(d, out), sum[r][v]), d, out);
    }
  }
}

template <std::size_t V>
void outer_columns(const float* const* rows, std::size_t num_rows,
                   std::span<const std::int32_t> offsets, const float* g, std::size_t stride,
                   float* c) {
  std::size_t k = 0;
  for (; k + kRows <= offsets.size(); k += kRows) {
    outer_tile<kRows, V>(rows, num_rows, offsets.data() + k, g, stride, c + k * stride);
  }
  for (; k < offsets.size(); ++k) {
    outer_tile<1, V>(rows, num_rows, offsets.data() + k, g, stride, c + k * stride);
  }
}

void outer_block(const float* const* rows, std::size_t num_rows,
                 std::span<const std::int32_t> offsets, const float* g, std::size_t columns,
                 float* c) {
  const std::size_t stride = padded_columns(columns);
  std::size_t first = 0;
  for (; first + panel_columns() <= stride; first += panel_columns()) {
    outer_columns<kVectors>(rows, num_rows, offsets, g + first, stride, c + first);
  }
  switch ((stride - first) / lanes()) {
    case 1:
      outer_columns<1>(rows, num_rows, offsets, g + first, stride, c + first);
      break;
    case 2:
      outer_columns<2>(rows, num_rows, offsets, g + first, stride, c + first);
      break;
    case 3:
      outer_columns<3>(rows, num_rows, offsets, g + first, stride, c + first);
      break;
    default:
      break;
  }
}

void gathered_outer_product(const GatheredRows& a, const float* g, std::size_t columns, float* c) {
  const std::size_t stride = padded_columns(columns);
  for (std::size_t p = 0; p < a.rows.size(); p += kRowBlock) {
    outer_block(a.rows.data() + p, std::min(kRowBlock, a.rows.size() - p), a.offsets,
                g + p * stride, columns, c);
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(packed_size);
HWY_EXPORT(pack_columns);
HWY_EXPORT(gathered_product);
HWY_EXPORT(padded_columns);
HWY_EXPORT(gathered_outer_product);

std::size_t packed_size(std::size_t depth, std::size_t columns) {
  return HWY_DYNAMIC_DISPATCH(packed_size)(depth, columns);
}

void pack_columns(const StridedMatrix& b, std::size_t depth, std::size_t columns, float* packed) {
  HWY_DYNAMIC_DISPATCH(pack_columns)(b, depth, columns, packed);
}

void gathered_product(const GatheredRows& a, const float* packed_b, std::size_t columns, float* c,
                      std::size_t c_stride, bool accumulate) {
  HWY_DYNAMIC_DISPATCH(gathered_product)(a, packed_b, columns, c, c_stride, accumulate);
}

std::size_t padded_columns(std::size_t columns) {
  return HWY_DYNAMIC_DISPATCH(padded_columns)(columns);
}

void gathered_outer_product(const GatheredRows& a, const float* g, std::size_t columns, float* c) {
  HWY_DYNAMIC_DISPATCH(gathered_outer_product)(a, g, columns, c);
}

}  // namespace edgeprune::kernels
#endif
