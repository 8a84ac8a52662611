#pragma once
// Euclidean distances between rows of features.

#include "edgeprune/core/thread_pool.h"
#include "edgeprune/select/strategy.h"

#include <cstddef>
#include <memory>
#include <span>

namespace edgeprune::select {

/// Row i of the features.
[[nodiscard]] std::span<const float> row_of(const FeatureMatrix& features, std::size_t i);

/// |a - b|^2, exactly 0 for equal rows.
[[nodiscard]] float squared_distance(std::span<const float> a, std::span<const float> b);

/// All distances between n rows, n x n floats row by row: symmetric, exactly 0 between equal rows.
/// By matrix products relative to the first row, with rounding errors of about 1e-7 of the largest
/// squared distance to it; the last bits depend on the SIMD target, never on the pool.
[[nodiscard]] std::unique_ptr<float[]> pairwise_distances(const FeatureMatrix& features,
                                                          core::ThreadPool& pool);

}  // namespace edgeprune::select
