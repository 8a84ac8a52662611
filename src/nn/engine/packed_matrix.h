#pragma once
// The right operand of a matrix product, packed in panels (kernels/products.h) in memory that steps
// share, and its product with a tile.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/kernels/channels.h"
#include "edgeprune/kernels/products.h"

#include <cstddef>

namespace edgeprune::nn {

class PackedMatrix {
 public:
  /// Holds num_segments * segment_length rows of `columns`.
  PackedMatrix(kernels::ElementType type, std::size_t num_segments, std::size_t segment_length,
               std::size_t columns);

  /// Packs B, rounded to the matrix' type, into `memory` (size_floats() of it, borrowed until the
  /// next call), panel by panel on all threads.
  void pack(const kernels::StridedMatrix& b, core::ThreadPool& pool, float* memory);

  /// The rows of a left operand of the matrix' type, one pointer each, and how far apart a row's
  /// segments lie, in elements.
  struct Rows {
    std::span<const void* const> rows;
    std::size_t segment_stride = 0;
  };
  /// Calls finish(panel) for each panel of the product, whose results lie in `results` (as many
  /// rows of kernels::panel_columns() floats) until finish returns. A matrix without rows makes
  /// zeros. Fetches `ahead` meanwhile.
  template <typename Finish>
  void multiply(const Rows& a, float* results, kernels::ReadAhead& ahead, Finish&& finish) const {
    multiply_panels(0, num_panels(), a, results, ahead, finish);
  }
  /// The same for panels [first, end) alone.
  template <typename Finish>
  void multiply_panels(std::size_t first, std::size_t end, const Rows& a, float* results,
                       kernels::ReadAhead& ahead, Finish&& finish) const {
    for (std::size_t i = first; i < end; ++i) {
      multiply_panel(i, a, results, ahead);
      finish(kernels::ResultPanel{.results = results,
                                  .num_rows = a.rows.size(),
                                  .first_channel = i * kernels::panel_columns(),
                                  .num_channels = columns_of(i)});
    }
  }

  [[nodiscard]] std::size_t size_floats() const;
  [[nodiscard]] std::size_t num_rows() const { return num_segments_ * segment_length_; }
  [[nodiscard]] std::size_t num_panels() const;

 private:
  [[nodiscard]] std::size_t columns_of(std::size_t panel) const;
  void multiply_panel(std::size_t panel, const Rows& rows, float* results,
                      kernels::ReadAhead& ahead) const;

  kernels::ElementType type_;
  std::size_t num_segments_;
  std::size_t segment_length_;
  std::size_t columns_;
  std::size_t panel_size_;  // elements from one panel to the next
  float* packed_ = nullptr;
};

}  // namespace edgeprune::nn
