#pragma once
// What every selection must be, and numbers for it.

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

namespace edgeprune::select {

using Samples = std::vector<std::uint32_t>;

/// Exactly so many, ascending, without duplicates, below num_samples.
inline bool is_selection(const Samples& samples, std::uint32_t num_kept,
                         std::uint32_t num_samples) {
  return samples.size() == num_kept &&
         std::adjacent_find(samples.begin(), samples.end(), std::greater_equal<>()) ==
             samples.end() &&
         (samples.empty() || samples.back() < num_samples);
}

/// Finite scores with many ties, at least one.
inline std::vector<float> any_scores() {
  const auto few = rc::gen::map(rc::gen::inRange(-4, 5), [](int n) { return n * 0.25f; });
  const auto many =
      rc::gen::map(rc::gen::inRange(-100000, 100000), [](int n) { return n / 64.0f; });
  return *rc::gen::nonEmpty(rc::gen::container<std::vector<float>>(rc::gen::oneOf(few, many)));
}

/// How many samples to keep of so many: at least one.
inline std::uint32_t any_num_kept(std::size_t num_samples) {
  return *rc::gen::inRange<std::uint32_t>(1, static_cast<std::uint32_t>(num_samples) + 1);
}

/// How many of the samples lie in [begin, end).
inline std::size_t count_between(const Samples& samples, std::uint32_t begin, std::uint32_t end) {
  return static_cast<std::size_t>(std::count_if(
      samples.begin(), samples.end(), [&](std::uint32_t n) { return begin <= n && n < end; }));
}

}  // namespace edgeprune::select
