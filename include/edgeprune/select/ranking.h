#pragma once
// The one place where samples are ranked.

#include "edgeprune/core/thread_pool.h"

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

enum class Prefer { highest, lowest };

/// The indices, ascending, of the `count` best of the scores: exactly `count`, equations (15) and
/// (18)-(20), ties by the smaller index. A function of the scores alone, on any machine and with
/// any number of threads. O(N) time, three passes over the scores; 512 KiB per thread of the pool
/// (null: one, and with fewer than 4096 scores 8 bytes each instead) beside scores and result. A
/// NaN is an Error of kind numeric naming the sample; a count above the number of scores is an
/// internal Error.
[[nodiscard]] std::vector<std::uint32_t> best_samples(std::span<const float> scores,
                                                      std::uint32_t count, Prefer prefer,
                                                      core::ThreadPool* pool = nullptr);

}  // namespace edgeprune::select
