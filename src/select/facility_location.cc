// facility_location: the samples that represent their class best, each sample by the kept one
// nearest to it.
//
//   f(S) = sum over i of max over j in S of (d - |h_i - h_j|), greedily, per class
//
// h are penultimate features, d is a constant that no distance exceeds. Source: CRAIG
// (Mirzasoleiman, Bilmes, Leskovec, ICML 2020), whose similarity is a constant minus the Euclidean
// distance, as in its code and in DeepCore's `craig` (Guo, Zhao, Bai, 2022). Greedy choices do not
// depend on the constant: they minimise the sum of distances to the nearest kept sample, and f
// keeps the greedy bound of 1 - 1/e. A shifted cosine would ignore how far a feature is from the
// origin, squared distances (apricot's default) would chase outliers. CRAIG takes gradients of the
// last layer and weights; here features, and no weights.
//
// Lazy greedy (Minoux, 1978): gains only shrink, so that an old gain below the best fresh one needs
// no new look. Ties go to the smaller index. Classes of more than 4096 samples are cut at random,
// by seed, into blocks that choose for themselves (as in GreeDi, Mirzasoleiman et al., NIPS 2013).
//
// Direction: none, scores play no role. Deterministic; the seed counts for large classes only. Time
// O(n^2 width) for n samples of a class, and O(n) for each look at a gain, of which there are few
// per kept sample. Memory: features and 4 n^2 bytes of one block, at most 64 MiB.

#include "edgeprune/select/selectors.h"

#include "distances.h"
#include "within_classes.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <queue>
#include <span>

namespace edgeprune::select {
namespace {

constexpr std::uint32_t kBlockSamples = 4096;

struct Candidate {
  double gain = 0;
  std::uint32_t row = 0;
  std::size_t kept_then = 0;  // how many were kept when the gain was computed

  bool operator<(const Candidate& other) const {
    return gain != other.gain ? gain < other.gain : row > other.row;
  }
};

// By how much the sum of distances to the nearest kept row shrinks. A double holds sums of floats
// of like size exactly, in any order of adding: equal gains tie, and gains never grow.
double gain_of(std::span<const float> distances, std::span<const float> nearest) {
  double gain = 0;
#pragma omp simd reduction(+ : gain)
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    const double nearer = double{nearest[i]} - double{distances[i]};
    gain += nearer > 0 ? nearer : 0;
  }
  return gain;
}

void lower_to(std::span<const float> distances, std::span<float> nearest) {
#pragma omp simd
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    nearest[i] = distances[i] < nearest[i] ? distances[i] : nearest[i];
  }
}

std::vector<Candidate> first_candidates(const float* distances, std::span<const float> nearest,
                                        core::ThreadPool& pool) {
  const std::size_t n = nearest.size();
  std::vector<Candidate> candidates(n);
  pool.for_tasks(core::cut_into_tasks(n), [&](const core::Task& task) {
    for (std::size_t j = task.begin; j < task.end; ++j) {
      candidates[j] = {gain_of({distances + j * n, n}, nearest), static_cast<std::uint32_t>(j), 0};
    }
  });
  return candidates;
}

std::vector<std::uint32_t> rows_near_all(const FeatureMatrix& features, std::uint32_t count,
                                         core::ThreadPool& pool) {
  const std::size_t n = features.values.size() / features.width;
  const std::unique_ptr<float[]> distances = pairwise_distances(features, pool);
  const auto distances_to = [&](std::uint32_t row) {
    return std::span<const float>(&distances[row * n], n);
  };
  // No two rows are further apart than twice the largest distance to one of them.
  std::vector<float> nearest(n, 2 * *std::max_element(&distances[0], &distances[n]));
  std::priority_queue<Candidate> queue({}, first_candidates(distances.get(), nearest, pool));
  std::vector<std::uint32_t> kept;
  while (kept.size() < count) {
    Candidate best = queue.top();
    queue.pop();
    const auto to_best = distances_to(best.row);
    if (best.kept_then < kept.size()) {
      queue.push({gain_of(to_best, nearest), best.row, kept.size()});
      continue;
    }
    kept.push_back(best.row);
    lower_to(to_best, nearest);
  }
  return kept;
}

}  // namespace

std::vector<std::uint32_t> select_facility_location(const SelectionInput& input) {
  core::ThreadPool single(1);
  core::ThreadPool& pool = input.pool != nullptr ? *input.pool : single;
  return select_within_classes(
      input,
      [&](const FeatureMatrix& features, std::uint32_t count) {
        return rows_near_all(features, count, pool);
      },
      kBlockSamples);
}

}  // namespace edgeprune::select
