// beta: draw M samples by difficulty and uncertainty, the easier the fewer are kept (DUAL + beta).
//
//   draw M without replacement, sample n with weight w_n = BetaPDF(p_n; a, b) * D_n
//   b = 15 (1 - mu)(1 - r^4),  a = 16 - b,  r = 1 - M / N
//   D the score `dual`, p the column `confidence` (mean probability of the label), mu the mean p of
//   the 10 highest D
//
// As a seeded Gumbel top-M: the M highest log w_n + G_n, G_n independent standard Gumbel draws, are
// distributed as M successive draws without replacement (Efraimidis and Spirakis 2006, Kool et al.
// 2019), and the density's constant cancels.
// Source: Cho et al., "Lightweight dataset pruning without full training via example difficulty and
// prediction uncertainty", ICML 2025 (arXiv 2502.06905), and its authors' code
// (behaapyy/dual-pruning, exp_cifar/data_subset.py), with their constant c = 4 for CIFAR-10.
// Deviations: r from the M kept, not from the keep ratio as written; p is kept 2^-24 away from 0
// and 1, where the density may be infinite; samples of weight 0 (D = 0) come last, by chance, where
// theirs refuses. Their README's command passes ranks for D; the paper's D is meant here.
// Direction: high = keep, by chance. Deterministic for a seed; the bits are those of the C
// library's logarithm. O(N) time, at most 16 bytes per sample.

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/select/ranking.h"
#include "edgeprune/select/selectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeprune::select {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

struct BetaShape {
  double a = 1;
  double b = 1;
};

BetaShape beta_shape(const SelectionInput& input, std::span<const float> confidence) {
  constexpr std::uint32_t kMaxUncertain = 10;
  const Samples top =
      best_samples(input.scores, std::min(kMaxUncertain, input.num_samples), Prefer::highest);
  double mean = 0;
  for (const std::uint32_t sample : top)
    mean += confidence[sample] / static_cast<double>(top.size());
  const double prune_ratio = 1 - static_cast<double>(input.num_kept) / input.num_samples;
  const double b = 15 * (1 - mean) * (1 - std::pow(prune_ratio, 4));
  return {.a = 16 - b, .b = b};
}

double log_weight(const BetaShape& shape, double confidence, double score) {
  const double p = std::clamp(confidence, 0x1p-24, 1 - 0x1p-24);
  return (shape.a - 1) * std::log(p) + (shape.b - 1) * std::log1p(-p) + std::log(score);
}

void require_weight(float score, std::uint32_t sample) {
  if (score >= 0 && std::isfinite(score)) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("the score of sample {} is {}; strategy beta draws in proportion "
                                "to it: rank by a score that is never negative, such as "
                                "dual",
                                sample, score));
}

// -log of a uniform draw that is never 0 nor 1: exponential with mean 1.
double exponential(core::RandomStream& draws) {
  return -std::log(static_cast<double>(draws.uniform()) + 0x1p-25);
}

}  // namespace

std::vector<std::uint32_t> select_beta(const SelectionInput& input) {
  for (std::uint32_t n = 0; n < input.num_samples; ++n) require_weight(input.scores[n], n);
  const std::span<const float> confidence = input.column("confidence");
  const BetaShape shape = beta_shape(input, confidence);
  core::RandomStream draws({.seed = input.seed, .purpose = core::Purpose::selection});
  std::vector<double> keys(input.num_samples);
  double lowest = 0;
  for (std::uint32_t n = 0; n < input.num_samples; ++n) {
    keys[n] = log_weight(shape, confidence[n], input.scores[n]) - std::log(exponential(draws));
    if (keys[n] > kNever) lowest = std::min(lowest, keys[n]);
  }
  std::vector<float> places(input.num_samples);
  for (std::uint32_t n = 0; n < input.num_samples; ++n) {
    places[n] = static_cast<float>(keys[n] > kNever ? keys[n] : lowest - 1 - exponential(draws));
  }
  return best_samples(places, input.num_kept, Prefer::highest);
}

}  // namespace edgeprune::select
