#pragma once
// The matrix products that convolutions and linear layers, forward and backward, are made of.
//
// The left operand is gathered (left_operand.h): no im2col buffer exists.
//
// The right operand is packed in panels of columns. A product yields one panel of results at a
// time, in floats, for the caller to finish while they are in cache (finish_output, finish_gradient
// in channels.h).
//
// Two element types: float, and BFloat16 with float sums, which is fast where the CPU multiplies it
// (bf16_products_available()). Plain functions on plain memory, single-threaded; nothing is
// allocated and no alignment asked for. Results must not overlap operands. Sums run over blocks of
// bounded length that are added up, so that rounding errors grow with the block, not the whole.

#include "edgeprune/kernels/elements.h"
#include "edgeprune/kernels/left_operand.h"
#include "edgeprune/kernels/read_ahead.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace edgeprune::kernels {

/// A matrix in memory: element (i, j) lies at data[i * row_stride + j * column_stride]; one of the
/// strides is 1. Where block_rows is not 0, it is made of blocks of so many rows, one below the
/// other: row i is then row i % block_rows of the one that begins at blocks[i / block_rows].
struct StridedMatrix {
  const float* data = nullptr;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;
  std::size_t block_rows = 0;
  std::span<const std::size_t> blocks = {};  // from `data` on
};

/// Whether the SIMD target in use multiplies BFloat16 (AVX-512 BF16). Elsewhere the functions below
/// that take it multiply floats instead: slowly, and to the same results but for rounding.
[[nodiscard]] bool bf16_products_available();

/// The most columns of a panel on the SIMD target in use: some vectors of floats.
[[nodiscard]] std::size_t panel_columns();
/// Columns rounded up to whole vectors: how wide a panel of `columns` <= panel_columns() is.
[[nodiscard]] std::size_t padded_columns(std::size_t columns);

/// Elements that one packed panel of `columns` <= panel_columns() takes.
[[nodiscard]] std::size_t packed_panel_size(ElementType type, std::size_t num_segments,
                                            std::size_t segment_length, std::size_t columns);
/// Packs columns [0, columns) of B (num_segments * segment_length rows), padded with zeros. A panel
/// is for products of the same element type, segments, columns and SIMD target.
void pack_panel(const StridedMatrix& b, std::size_t num_segments, std::size_t segment_length,
                std::size_t columns, Elements packed);

/// out[r][j] = sum over k of A[r][k] * B[k][j] for a packed panel of `columns` <= panel_columns();
/// rows of `out` are padded_columns(columns) floats, zeros behind `columns` where A is finite. Of
/// BFloat16, a segment of odd length reads one element beyond its end, which must be there and
/// finite. Fetches a line of `ahead` for every few products.
void product_panel(const GatheredRows<float>& a, const float* panel, std::size_t columns,
                   float* out, ReadAhead& ahead);
void product_panel(const GatheredRows<BFloat16>& a, const BFloat16* panel, std::size_t columns,
                   float* out, ReadAhead& ahead);

/// C[k][j] = sum over r of A[r][k] * G[r][j], added to what C holds if `accumulate`: the gradient
/// of B in the product above. G has a.num_rows rows, g_stride floats apart, and C a.depth() rows,
/// c_stride floats apart; `columns` is a multiple of a vector's lanes (padded_columns(1)). Panel by
/// panel of panel_columns(), each with a C of its own whose rows follow each other, it is fastest.
void outer_product(const GatheredRows<float>& a, const float* g, std::size_t g_stride,
                   std::size_t columns, float* c, std::size_t c_stride, bool accumulate,
                   ReadAhead& ahead);

/// Lays pairs of rows side by side for the product below, strip by strip of strip_columns (whole
/// vectors; the last strip is as wide as it has to be): strip[r / 2][c] holds (rows[r][c],
/// rows[r + 1][c]). A last row without a partner is paired with zeros, and zeros fill a strip's
/// last vector. `out` has room for interleaved_size().
void interleave_pairs(const BFloat16* const* rows, std::size_t num_rows, std::size_t columns,
                      std::size_t strip_columns, BFloat16* out);
[[nodiscard]] std::size_t interleaved_size(std::size_t num_rows, std::size_t columns);

/// As outer_product, of operands laid out by interleave_pairs, both of `num_pairs` >= 1 pairs of
/// rows: all `depth` columns of A in strips of kLeftStrip, and one strip of G, `columns` <=
/// panel_columns() wide in whole vectors.
void outer_product_of_pairs(const BFloat16* a, std::size_t depth, const BFloat16* g,
                            std::size_t columns, std::size_t num_pairs, float* c,
                            std::size_t c_stride, bool accumulate, ReadAhead& ahead);

}  // namespace edgeprune::kernels
