// k_center: samples spread over their class, none far from a kept one.
//
//   next = argmax over i of min over j in S of |h_i - h_j|, per class: farthest first
//
// h are penultimate features. Source: k-center greedy of Sener and Savarese (ICLR 2018), the
// 2-approximation of Gonzalez (1985), which holds for any first centre. They start from samples
// already labelled and DeepCore from a random one; here it is the sample nearest to its class's
// mean: no outlier, no draw, and O(n) where the medoid would take O(n^2). Ties go to the smaller
// index. Outliers come early: a class's mislabelled samples are kept.
//
// Direction: none, scores play no role. Deterministic, without a seed. Time O(M n width / C) for n
// samples of each of C classes. Memory: features of one class and 4 bytes per sample of it.

#include "edgeprune/select/selectors.h"

#include "distances.h"
#include "within_classes.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace edgeprune::select {
namespace {

std::vector<float> mean_row(const FeatureMatrix& features) {
  std::vector<double> sums(features.width);
  for (std::size_t i = 0; i < features.values.size(); ++i) {
    sums[i % features.width] += double{features.values[i]};
  }
  const auto n = static_cast<double>(features.values.size()) / features.width;
  std::vector<float> mean(features.width);
  std::transform(sums.begin(), sums.end(), mean.begin(),
                 [&](double sum) { return static_cast<float>(sum / n); });
  return mean;
}

// Lowers each row's squared distance to the nearest centre where this one is nearer.
void add_centre(const FeatureMatrix& features, std::span<const float> centre,
                std::vector<float>& nearest, core::ThreadPool& pool) {
  pool.for_tasks(core::cut_into_tasks(nearest.size()), [&](const core::Task& task) {
    for (std::size_t i = task.begin; i < task.end; ++i) {
      nearest[i] = std::min(nearest[i], squared_distance(row_of(features, i), centre));
    }
  });
}

std::vector<std::uint32_t> rows_far_apart(const FeatureMatrix& features, std::uint32_t count,
                                          core::ThreadPool& pool) {
  constexpr float kKept = -1;  // below every distance
  const std::vector<float> unknown(features.values.size() / features.width,
                                   std::numeric_limits<float>::infinity());
  std::vector<float> nearest = unknown;
  add_centre(features, mean_row(features), nearest, pool);
  auto next = std::min_element(nearest.begin(), nearest.end()) - nearest.begin();
  nearest = unknown;
  std::vector<std::uint32_t> kept;
  while (true) {
    kept.push_back(static_cast<std::uint32_t>(next));
    if (kept.size() == count) return kept;
    nearest[kept.back()] = kKept;
    add_centre(features, row_of(features, kept.back()), nearest, pool);
    next = std::max_element(nearest.begin(), nearest.end()) - nearest.begin();
  }
}

}  // namespace

std::vector<std::uint32_t> select_k_center(const SelectionInput& input) {
  // Fewer features are passed over before a second thread has woken up.
  constexpr std::size_t kWorthThreads = 1u << 17;
  core::ThreadPool single(1);
  return select_within_classes(input, [&](const FeatureMatrix& features, std::uint32_t count) {
    const bool large = input.pool != nullptr && features.values.size() >= kWorthThreads;
    return rows_far_apart(features, count, large ? *input.pool : single);
  });
}

}  // namespace edgeprune::select
