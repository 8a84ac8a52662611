#pragma once
// The one place where samples are ranked.

#include <cstdint>
#include <span>
#include <vector>

namespace edgeprune::select {

enum class Prefer { highest, lowest };

/// The indices, ascending, of the `count` best of the scores: exactly `count`, equations (15) and
/// (18)-(20), ties by the smaller index. A function of the scores alone, on any machine.
/// O(N) expected time, 8 bytes per score. A NaN is an Error of kind numeric naming the sample; a
/// count above the number of scores is an internal Error.
[[nodiscard]] std::vector<std::uint32_t> best_samples(std::span<const float> scores,
                                                      std::uint32_t count, Prefer prefer);

}  // namespace edgeprune::select
