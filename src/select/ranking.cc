#include "edgeprune/select/ranking.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace edgeprune::select {
namespace {

// A float's bits as an integer of the same order. -0 and +0 compare equal as floats and must tie.
std::uint32_t ordered_bits(float score) {
  const auto bits = std::bit_cast<std::uint32_t>(score == 0.0f ? 0.0f : score);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}

// Larger keys are better: the score first, then the smaller index.
std::uint64_t rank_key(float score, std::uint32_t index, Prefer prefer) {
  const std::uint32_t bits = ordered_bits(score);
  return std::uint64_t{prefer == Prefer::highest ? bits : ~bits} << 32 | ~index;
}

std::vector<std::uint64_t> rank_keys(std::span<const float> scores, Prefer prefer) {
  std::vector<std::uint64_t> keys(scores.size());
  for (std::uint32_t n = 0; n < keys.size(); ++n) {
    if (std::isnan(scores[n])) {
      throw core::Error(core::ErrorKind::numeric,
                        fmt::format("the score of sample {} is not a number; score again with a "
                                    "lower train.learning_rate",
                                    n));
    }
    keys[n] = rank_key(scores[n], n, prefer);
  }
  return keys;
}

}  // namespace

std::vector<std::uint32_t> best_samples(std::span<const float> scores, std::uint32_t count,
                                        Prefer prefer) {
  if (count > scores.size()) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("{} of {} samples wanted", count, scores.size()));
  }
  std::vector<std::uint64_t> keys = rank_keys(scores, prefer);
  std::nth_element(keys.begin(), keys.begin() + count, keys.end(), std::greater<>());
  std::vector<std::uint32_t> samples(count);
  for (std::uint32_t i = 0; i < count; ++i) samples[i] = ~static_cast<std::uint32_t>(keys[i]);
  std::sort(samples.begin(), samples.end());
  return samples;
}

}  // namespace edgeprune::select
