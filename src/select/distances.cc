#include "distances.h"

#include "edgeprune/kernels/products.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace edgeprune::select {
namespace {

// Distances do not change when all rows move; products lose less to cancellation near the origin.
std::vector<float> relative_to_first_row(const FeatureMatrix& features) {
  std::vector<float> moved(features.values.size());
  for (std::size_t i = 0; i < moved.size(); ++i) {
    moved[i] = features.values[i] - features.values[i % features.width];
  }
  return moved;
}

// Rows [begin, end) of the products of all rows with each other.
void gram_rows(const std::vector<float>& rows, std::size_t width, std::size_t begin,
               std::size_t end, float* gram) {
  constexpr std::size_t kRowsAtOnce = 96;  // their products with a panel stay in first-level cache
  const std::size_t n = rows.size() / width;
  const std::size_t panel_width = kernels::panel_columns();
  std::vector<float> panel(
      kernels::packed_panel_size(kernels::ElementType::f32, 1, width, panel_width));
  std::vector<float> products(kRowsAtOnce * panel_width);
  std::vector<const float*> row_pointers;
  for (std::size_t i = begin; i < end; ++i) row_pointers.push_back(&rows[i * width]);
  kernels::ReadAhead nothing_ahead;
  for (std::size_t first = 0; first < n; first += panel_width) {
    const std::size_t columns = std::min(panel_width, n - first);
    const std::size_t stride = kernels::padded_columns(columns);
    kernels::pack_panel({.data = &rows[first * width], .row_stride = 1, .column_stride = width}, 1,
                        width, columns, panel.data());
    for (std::size_t i = begin; i < end; i += kRowsAtOnce) {
      const std::size_t count = std::min(kRowsAtOnce, end - i);
      kernels::product_panel({.rows = &row_pointers[i - begin],
                              .num_rows = count,
                              .segment_length = width,
                              .segment_stride = width},
                             panel.data(), columns, products.data(), nothing_ahead);
      for (std::size_t r = 0; r < count; ++r) {
        std::copy_n(&products[r * stride], columns, gram + (i + r) * n + first);
      }
    }
  }
}

}  // namespace

std::span<const float> row_of(const FeatureMatrix& features, std::size_t i) {
  return {&features.values[i * features.width], features.width};
}

// Sixteen sums side by side: an order that vectors of any width can keep.
float squared_distance(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kSums = 16;
  std::array<float, kSums> sums{};
  std::size_t k = 0;
  for (; k + kSums <= a.size(); k += kSums) {
    for (std::size_t s = 0; s < kSums; ++s) {
      const float difference = a[k + s] - b[k + s];
      sums[s] += difference * difference;
    }
  }
  for (std::size_t s = 0; k < a.size(); ++k, ++s) sums[s] += (a[k] - b[k]) * (a[k] - b[k]);
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

std::unique_ptr<float[]> pairwise_distances(const FeatureMatrix& features, core::ThreadPool& pool) {
  const std::size_t width = features.width;
  const std::size_t n = features.values.size() / width;
  const std::vector<float> rows = relative_to_first_row(features);
  auto matrix = std::make_unique_for_overwrite<float[]>(n * n);
  pool.for_tasks(core::cut_into_tasks(n), [&](const core::Task& task) {
    gram_rows(rows, width, task.begin, task.end, matrix.get());
  });
  // |a - b|^2 = aa + bb - 2 ab: of equal rows all three are the same bits.
  std::vector<float> sum_of_squares(n);
  for (std::size_t i = 0; i < n; ++i) sum_of_squares[i] = matrix[i * n + i];
  pool.for_tasks(core::cut_into_tasks(n), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      float* row = &matrix[i * n];
      for (std::size_t j = 0; j < n; ++j) {
        row[j] = std::sqrt(std::max(0.0f, sum_of_squares[i] + sum_of_squares[j] - 2 * row[j]));
      }
    }
  });
  return matrix;
}

}  // namespace edgeprune::select
