#pragma once
// What the selectors on features share: one class at a time, each with its proportional quota.

#include "edgeprune/select/strategy.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

namespace edgeprune::select {

/// Which rows of the features are kept: `count` different ones, in any order.
using ChooseRows =
    std::function<std::vector<std::uint32_t>(const FeatureMatrix& features, std::uint32_t count)>;

/// Calls `choose` for each class with the features of its samples, ascending, and its share of
/// num_kept by largest remainder; classes without a quota are skipped. Returns the samples chosen,
/// ascending, num_kept of them. A class of more than `max_at_once` samples is cut at random, by
/// seed, into as few equal blocks as need be, each with its share of the quota: only one block's
/// features are in memory. Without labels, all samples are one class. A feature that is not finite
/// is an Error of kind numeric that names the sample.
[[nodiscard]] std::vector<std::uint32_t> select_within_classes(
    const SelectionInput& input, const ChooseRows& choose,
    std::uint32_t max_at_once = std::numeric_limits<std::uint32_t>::max());

}  // namespace edgeprune::select
