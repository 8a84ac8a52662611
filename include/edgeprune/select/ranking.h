#pragma once
// The one place where samples are ranked.

#include "edgeprune/core/thread_pool.h"

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

enum class Prefer { highest, lowest };

/// The indices, ascending, of the `count` best of the scores, equations (15) and (18)-(20):
///
///   best_samples(std::vector<float>{3, 1, 4, 1, 5}, 2, Prefer::highest);   // {2, 4}
///
///   - exactly `count` of them; of equal scores the smaller index is better;
///   - a function of the scores alone: the same on any machine, with any number of threads;
///   - O(N) time, three passes over the scores;
///   - memory beside scores and result: 512 KiB per thread of the pool (null: one thread), or 8
///     bytes per score where there are fewer than 4096;
///   - a NaN is an Error of kind numeric that names the sample, a count above the number of scores
///     an internal Error.
[[nodiscard]] std::vector<std::uint32_t> best_samples(std::span<const float> scores,
                                                      std::uint32_t count, Prefer prefer,
                                                      core::ThreadPool* pool = nullptr);

}  // namespace edgeprune::select
