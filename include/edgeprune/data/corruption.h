#pragma once
// What experiments do to a training set: wrong labels, unequal classes. Functions of a seed.

#include "edgeprune/data/dataset.h"

#include <cstdint>

namespace edgeprune::data {

/// A copy in which round(share * N) samples, drawn at random, have another label each, all other
/// classes equally likely. share in [0, 1); with fewer than two classes an Error of kind data.
[[nodiscard]] Dataset with_label_noise(Dataset dataset, double share, std::uint64_t seed);

/// `count` samples whose shares of the classes are drawn from a symmetric Dirichlet distribution of
/// this concentration: the mix of one device among many. Counts by largest remainder; within a
/// class samples are drawn at random; what a class lacks is shared out evenly among the others.
/// Ascending order of the original. More samples than there are is an Error of kind config.
[[nodiscard]] Dataset with_class_skew(const Dataset& dataset, double concentration,
                                      std::uint32_t count, std::uint64_t seed);

}  // namespace edgeprune::data
