#include "edgeprune/kernels/products.h"

#include "depth_blocks.h"
#include "products_bf16.h"
#include "register_tiles.h"
#include "unroll.h"

#include <algorithm>
#include <cstring>

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
// Products of at most this many terms are summed in one chain: a panel's block stays in cache, and
// rounding errors stay those of short sums.
constexpr std::size_t kDepthBlock = 192;
// Likewise for the rows that an outer product sums in one chain: what a panel of them reads stays
// in the first cache.
constexpr std::size_t kRowBlock = 96;
// From so many rows of results on, an outer product copies its panel of the right operand together:
// rows that lie a large power of two apart would displace each other in the cache.
constexpr std::size_t kCopiedDepth = 256;

// Whether the CPU's own products of bfloat16 belong to this target.
bool multiplies_bf16() {
  return HWY_TARGET == HWY_AVX3 && bf16::kCpuHasBf16;
}

std::size_t panel_columns() {
  return kVectors * lanes();
}

std::size_t padded_columns(std::size_t columns) {
  return (columns + lanes() - 1) / lanes() * lanes();
}

// One register tile of product_panel: R rows times V vectors of columns.
template <std::size_t R, std::size_t V>
void product_tile(const float* const* rows, const DepthBlock& block, const float* panel, float* out,
                  bool accumulate, ReadAhead::Lines lines) {
  const Tag d;
  const std::size_t n = lanes();
  const float* row[R];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) row[r] = rows[r] + block.offset;
  Vector sum[R][V];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::Zero(d);
  }
  for (std::size_t s = 0; s < block.num_segments; ++s) {
    for (std::size_t k = 0; k < block.length; ++k) {
      Vector b[V];
      EDGEPRUNE_UNROLL
      for (std::size_t v = 0; v < V; ++v) b[v] = hn::LoadU(d, panel + v * n);
      panel += V * n;
      lines.fetch();
      EDGEPRUNE_UNROLL
      for (std::size_t r = 0; r < R; ++r) {
        const Vector a = hn::Set(d, row[r][k]);
        EDGEPRUNE_UNROLL
        for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::MulAdd(a, b[v], sum[r][v]);
      }
    }
    EDGEPRUNE_UNROLL
    for (std::size_t r = 0; r < R; ++r) row[r] += block.stride;
  }
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      float* to = out + (r * V + v) * n;
      hn::StoreU(accumulate ? hn::Add(sum[r][v], hn::LoadU(d, to)) : sum[r][v], d, to);
    }
  }
}

template <std::size_t V>
void product_block(const GatheredRows<float>& a, const DepthBlock& block, const float* panel,
                   float* out, bool accumulate, ReadAhead& ahead) {
  const std::size_t width = V * lanes();
  for_row_tiles<kRows, kRows>(a.num_rows, [&]<std::size_t R>(std::size_t r) {
    product_tile<R, V>(a.rows + r, block, panel, out + r * width, accumulate,
                       ahead.take(block.depth()));
  });
}

template <std::size_t V>
void product_blocks(const GatheredRows<float>& a, const float* panel, float* out,
                    ReadAhead& ahead) {
  const std::size_t width = V * lanes();
  bool accumulate = false;
  for_depth_blocks(a.num_segments, a.segment_length, a.segment_stride, kDepthBlock,
                   [&](const DepthBlock& block) {
                     product_block<V>(a, block, panel, out, accumulate, ahead);
                     panel += block.depth() * width;
                     accumulate = true;
                   });
}

// Calls body<V>() for a panel of V vectors.
template <typename Body>
void with_vectors(std::size_t columns, Body&& body) {
  with_constant<kVectors>(padded_columns(columns) / lanes(), body);
}

void product_panel(const GatheredRows<float>& a, const float* panel, std::size_t columns,
                   float* out, ReadAhead& ahead) {
  with_vectors(columns, [&]<std::size_t V>() { product_blocks<V>(a, panel, out, ahead); });
}

// Rows that are packed together: a cache line of a transposed matrix's columns.
constexpr std::size_t kPackedRows = 16;

// Exchanges rows and columns of R x C numbers: to[c][r] = from[r][c].
template <std::size_t R, std::size_t C>
void transpose(const float* from, std::size_t from_stride, float* to, std::size_t to_stride) {
  for (std::size_t r = 0; r < R; ++r) {
    for (std::size_t c = 0; c < C; ++c) to[c * to_stride + r] = from[r * from_stride + c];
  }
}

// Writes `num_rows` rows of B from (row, 0) on, `width` floats each, zeros behind `columns`.
void write_rows(const StridedMatrix& b, const float* row, std::size_t num_rows, std::size_t columns,
                std::size_t width, float* out) {
  if (b.column_stride == 1) {
    for (std::size_t k = 0; k < num_rows; ++k, out += width) {
      std::copy_n(row + k * b.row_stride, columns, out);
      std::fill(out + columns, out + width, 0.0f);
    }
    return;
  }
  // Columns are contiguous.
  std::size_t j = 0;
  for (; num_rows == kPackedRows && j + kPackedRows <= columns; j += kPackedRows) {
    for (std::size_t i = j; i < j + kPackedRows; ++i) {
      __builtin_prefetch(row + i * b.column_stride + 2 * kPackedRows, 0, 3);
    }
    transpose<kPackedRows, kPackedRows>(row + j * b.column_stride, b.column_stride, out + j, width);
  }
  for (; j < width; ++j) {
    const float* column = row + j * b.column_stride;
    for (std::size_t k = 0; k < num_rows; ++k) out[k * width + j] = j < columns ? column[k] : 0.0f;
  }
}

// Calls body(from, count) for rows [begin, end) of B, at most kPackedRows of one block at a time.
template <typename Body>
HWY_INLINE void for_rows(const StridedMatrix& b, std::size_t begin, std::size_t end, Body&& body) {
  const std::size_t block_rows = b.block_rows == 0 ? end : b.block_rows;
  while (begin < end) {
    const std::size_t block = begin / block_rows;
    const std::size_t row = begin % block_rows;
    const std::size_t count = std::min({kPackedRows, end - begin, block_rows - row});
    body(b.data + (b.block_rows == 0 ? 0 : b.blocks[block]) + row * b.row_stride, count);
    begin += count;
  }
}

void pack_floats(const StridedMatrix& b, std::size_t depth, std::size_t columns, float* packed) {
  const std::size_t width = padded_columns(columns);
  for_rows(b, 0, depth, [&](const float* from, std::size_t count) {
    write_rows(b, from, count, columns, width, packed);
    packed += count * width;
  });
}

// Writes pairs side by side of floats that are bfloat16 already.
HWY_INLINE void store_pairs(Vector first, Vector second, BFloat16* out) {
  const auto pairs =
      hn::Or(hn::ShiftRight<16>(hn::BitCast(Tag32(), first)), hn::BitCast(Tag32(), second));
#if HWY_TARGET == HWY_SCALAR
  const std::uint32_t pair = hn::GetLane(pairs);
  std::memcpy(&out->bits, &pair, sizeof(pair));
#else
  const hn::Repartition<std::uint16_t, Tag> d;
  hn::StoreU(hn::BitCast(d, pairs), d, &out->bits);
#endif
}

// Pairs of rows k, k + 1 side by side; the partner of a segment's odd last row is zero.
void pack_pairs(const StridedMatrix& b, std::size_t num_segments, std::size_t segment_length,
                std::size_t columns, BFloat16* packed) {
  const std::size_t width = padded_columns(columns);
  HWY_ALIGN float rows[kPackedRows * kVectors * hn::MaxLanes(Tag())];
  for (std::size_t s = 0; s < num_segments; ++s) {
    for (std::size_t k = 0; k < segment_length; k += kPackedRows) {
      const std::size_t begin = s * segment_length + k;
      const std::size_t count = std::min(kPackedRows, segment_length - k);
      float* to = rows;
      for_rows(b, begin, begin + count, [&](const float* from, std::size_t num_rows) {
        write_rows(b, from, num_rows, columns, width, to);
        to += num_rows * width;
      });
      if (count % 2 != 0) std::fill_n(to, width, 0.0f);
      for (std::size_t r = 0; r < count; r += 2, packed += 2 * width) {
        const float* row = rows + r * width;
        for (std::size_t c = 0; c < width; c += lanes()) {
          store_pairs(as_stored(load_all(row + c), packed),
                      as_stored(load_all(row + width + c), packed), packed + 2 * c);
        }
      }
    }
  }
}

// Rows of a matrix, `stride` floats apart.
template <typename T>
struct Rows {
  T* data;
  std::size_t stride;
};

// One register tile of outer_product: R entries of A's rows times V vectors.
template <std::size_t R, std::size_t V>
void outer_tile(const float* const* rows, std::size_t num_rows, std::size_t offset,
                const Rows<const float>& g, const Rows<float>& c, bool accumulate,
                ReadAhead::Lines lines) {
  const Tag d;
  const std::size_t n = lanes();
  Vector sum[R][V];
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::Zero(d);
  }
  for (std::size_t p = 0; p < num_rows; ++p) {
    Vector b[V];
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) b[v] = hn::LoadU(d, g.data + p * g.stride + v * n);
    const float* row = rows[p] + offset;
    lines.fetch();
    EDGEPRUNE_UNROLL
    for (std::size_t r = 0; r < R; ++r) {
      const Vector a = hn::Set(d, row[r]);
      EDGEPRUNE_UNROLL
      for (std::size_t v = 0; v < V; ++v) sum[r][v] = hn::MulAdd(a, b[v], sum[r][v]);
    }
  }
  EDGEPRUNE_UNROLL
  for (std::size_t r = 0; r < R; ++r) {
    EDGEPRUNE_UNROLL
    for (std::size_t v = 0; v < V; ++v) {
      float* to = c.data + r * c.stride + v * n;
      hn::StoreU(accumulate ? hn::Add(hn::LoadU(d, to), sum[r][v]) : sum[r][v], d, to);
    }
  }
}

// The rows of C that come from one segment, which begins at `offset`, V vectors wide.
template <std::size_t V>
void outer_segment(const GatheredRows<float>& a, std::size_t offset, const Rows<const float>& g,
                   const Rows<float>& c, bool accumulate, ReadAhead& ahead) {
  for_row_tiles<kRows, kRows>(a.segment_length, [&]<std::size_t R>(std::size_t k) {
    outer_tile<R, V>(a.rows, a.num_rows, offset + k, g, {c.data + k * c.stride, c.stride},
                     accumulate, ahead.take(a.num_rows));
  });
}

// At most kRowBlock rows, V vectors of columns.
template <std::size_t V>
void outer_panel(const GatheredRows<float>& a, Rows<const float> g, const Rows<float>& c,
                 bool accumulate, ReadAhead& ahead) {
  HWY_ALIGN float copy[kRowBlock * V * hn::MaxLanes(Tag())];
  if (a.depth() >= kCopiedDepth) {
    const std::size_t width = V * lanes();
    for (std::size_t p = 0; p < a.num_rows; ++p) {
      std::copy_n(g.data + p * g.stride, width, copy + p * width);
    }
    g = {copy, width};
  }
  for (std::size_t s = 0; s < a.num_segments; ++s) {
    outer_segment<V>(a, s * a.segment_stride, g,
                     {c.data + s * a.segment_length * c.stride, c.stride}, accumulate, ahead);
  }
}

void outer_product(const GatheredRows<float>& a, const float* g, std::size_t g_stride,
                   std::size_t columns, float* c, std::size_t c_stride, bool accumulate,
                   ReadAhead& ahead) {
  GatheredRows<float> block = a;
  for (std::size_t p = 0; p < a.num_rows; p += kRowBlock) {
    block.rows = a.rows + p;
    block.num_rows = std::min(kRowBlock, a.num_rows - p);
    for (std::size_t first = 0; first < columns; first += panel_columns()) {
      with_vectors(std::min(columns - first, panel_columns()), [&]<std::size_t V>() {
        outer_panel<V>(block, {g + p * g_stride + first, g_stride}, {c + first, c_stride},
                       accumulate || p > 0, ahead);
      });
    }
  }
}

// Columns [first, first + width) of pairs of rows, `width` whole vectors, zeros behind `columns`.
void interleave_strip(const BFloat16* const* rows, std::size_t num_rows, std::size_t columns,
                      std::size_t first, std::size_t width, BFloat16* out) {
  const std::size_t n = lanes();
  for (std::size_t r = 0; r < num_rows; r += 2) {
    const BFloat16* a = rows[r];
    const BFloat16* b = r + 1 < num_rows ? rows[r + 1] : nullptr;
    for (std::size_t c = first; c < first + width; c += n, out += 2 * n) {
      const std::size_t valid = std::min(n, columns - c);
      store_pairs(load(a + c, valid), b != nullptr ? load(b + c, valid) : hn::Zero(Tag()), out);
    }
  }
}

void interleave_pairs(const BFloat16* const* rows, std::size_t num_rows, std::size_t columns,
                      std::size_t strip_columns, BFloat16* out) {
  for (std::size_t first = 0; first < columns; first += strip_columns) {
    const std::size_t width = padded_columns(std::min(strip_columns, columns - first));
    interleave_strip(rows, num_rows, columns, first, width, out);
    out += (num_rows + 1) / 2 * 2 * width;
  }
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace edgeprune::kernels {

HWY_EXPORT(multiplies_bf16);
HWY_EXPORT(panel_columns);
HWY_EXPORT(padded_columns);
HWY_EXPORT(pack_floats);
HWY_EXPORT(pack_pairs);
HWY_EXPORT(product_panel);
HWY_EXPORT(outer_product);
HWY_EXPORT(interleave_pairs);

bool bf16_products_available() {
  return HWY_DYNAMIC_DISPATCH(multiplies_bf16)();
}

std::size_t panel_columns() {
  return HWY_DYNAMIC_DISPATCH(panel_columns)();
}

std::size_t padded_columns(std::size_t columns) {
  return HWY_DYNAMIC_DISPATCH(padded_columns)(columns);
}

std::size_t packed_panel_size(ElementType type, std::size_t num_segments,
                              std::size_t segment_length, std::size_t columns) {
  const std::size_t length =
      type == ElementType::f32 ? segment_length : (segment_length + 1) / 2 * 2;
  return num_segments * length * padded_columns(columns);
}

void pack_panel(const StridedMatrix& b, std::size_t num_segments, std::size_t segment_length,
                std::size_t columns, Elements packed) {
  if (packed.type == ElementType::bf16) {
    HWY_DYNAMIC_DISPATCH(pack_pairs)
    (b, num_segments, segment_length, columns, static_cast<BFloat16*>(packed.data));
  } else {
    HWY_DYNAMIC_DISPATCH(pack_floats)
    (b, num_segments * segment_length, columns, static_cast<float*>(packed.data));
  }
}

void product_panel(const GatheredRows<float>& a, const float* panel, std::size_t columns,
                   float* out, ReadAhead& ahead) {
  HWY_DYNAMIC_DISPATCH(product_panel)(a, panel, columns, out, ahead);
}

void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out, ReadAhead& ahead) {
  if (!bf16_products_available()) return bf16::plain::product_panel(a, panel, columns, out);
  bf16::product_panel(a, panel, columns, out, ahead);
}

void outer_product(const GatheredRows<float>& a, const float* g, std::size_t g_stride,
                   std::size_t columns, float* c, std::size_t c_stride, bool accumulate,
                   ReadAhead& ahead) {
  HWY_DYNAMIC_DISPATCH(outer_product)(a, g, g_stride, columns, c, c_stride, accumulate, ahead);
}

std::size_t interleaved_size(std::size_t num_rows, std::size_t columns) {
  return (num_rows + 1) / 2 * 2 * padded_columns(columns);
}

void interleave_pairs(const BFloat16* const* rows, std::size_t num_rows, std::size_t columns,
                      std::size_t strip_columns, BFloat16* out) {
  HWY_DYNAMIC_DISPATCH(interleave_pairs)(rows, num_rows, columns, strip_columns, out);
}

void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate, ReadAhead& ahead) {
  if (!bf16_products_available()) {
    return bf16::plain::outer_product_of_pairs(a, depth, g, columns, num_pairs, c, c_stride,
                                               accumulate);
  }
  bf16::outer_product_of_pairs(a, depth, g, columns, num_pairs, c, c_stride, accumulate, ahead);
}

}  // namespace edgeprune::kernels
#endif
