#pragma once
// The two matrix products that convolutions and linear layers, forward and backward, are made of.
//
// The left operand is gathered: row r of A is the floats rows[r][offsets[0]], rows[r][offsets[1]],
// ... For a convolution a row is an output pixel, `rows` points at its window's corner in a padded
// image, and the offsets walk the window; one table of offsets serves every pixel, so no im2col
// buffer exists. For a plain matrix the offsets are 0, 1, 2, ...
//
// Plain functions on plain memory, single-threaded; nothing is allocated. Sums run over blocks of
// bounded length that are added up, so that rounding errors grow with the block, not the whole.

#include <cstddef>
#include <cstdint>
#include <span>

namespace edgeprune::kernels {

struct GatheredRows {
  std::span<const float* const> rows;
  std::span<const std::int32_t> offsets;
};

/// A matrix in memory: element (i, j) lies at data[i * row_stride + j * column_stride].
struct StridedMatrix {
  const float* data = nullptr;
  std::size_t row_stride = 0;
  std::size_t column_stride = 1;
};

/// Floats that a packed depth x columns right operand takes, on the SIMD target in use.
[[nodiscard]] std::size_t packed_size(std::size_t depth, std::size_t columns);

/// Arranges B (depth x columns) in panels of columns, padded with zeros, for gathered_product.
void pack_columns(const StridedMatrix& b, std::size_t depth, std::size_t columns, float* packed);

/// C[r][j] = sum over k of A[r][k] * B[k][j], plus the old C[r][j] if `accumulate`.
/// C has rows.size() rows of `columns` floats, `c_stride` floats apart.
void gathered_product(const GatheredRows& a, const float* packed_b, std::size_t columns, float* c,
                      std::size_t c_stride, bool accumulate);

/// Columns rounded up to whole vectors: the row length of gathered_outer_product's operands.
[[nodiscard]] std::size_t padded_columns(std::size_t columns);

/// C[k][j] += sum over r of A[r][k] * G[r][j]: the gradient of B in the product above.
/// G has rows.size() rows, C offsets.size() rows, both of padded_columns(columns) floats.
void gathered_outer_product(const GatheredRows& a, const float* g, std::size_t columns, float* c);

}  // namespace edgeprune::kernels
