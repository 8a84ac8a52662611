// stratified: samples of every difficulty but the extreme, each band of scores alike (CCS).
//
//   leave out the floor(beta N) hardest
//   cut what is left into 50 bands of equal width between its lowest and its highest score
//   by ascending size, each band keeps min(its size, what is left of M / bands to visit) at random
//
// Source: Zheng et al., "Coverage-centric coreset selection for high pruning rates", ICLR 2023,
// algorithm 1, and its authors' code (haizhongzheng/Coverage-centric-coreset-selection), which
// offers AUM, EL2N and forgetting as the score.
// beta: the parameter `hard_cutoff` in [0, 1); without it, or where it is -1, by keep ratio .3 up
// to .1, .2 at .2, .1 at .3, 0 from .5, straight lines between; the authors searched it per keep
// ratio and score. Deviations: the hardest are those of the score itself (theirs: of AUM, whatever
// the score); never more are left out than N - M, so that M are kept; the last band includes its
// upper end (theirs widens the highest score by 1e-4 of itself, which loses the hardest sample
// where scores are negative). Direction: none, but for the cut-off. Deterministic for a seed. O(N)
// time, at most 28 bytes per sample.

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/select/ranking.h"
#include "edgeprune/select/selectors.h"

#include "even_quotas.h"
#include "random_share.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace edgeprune::select {
namespace {

constexpr std::uint32_t kBands = 50;
using Bands = std::array<Samples, kBands>;

// beta N in whole numbers: no rounding at keep ratios where it lands on one.
std::uint64_t default_cutoff(std::uint64_t num_samples, std::uint64_t num_kept) {
  if (10 * num_kept <= num_samples) return 3 * num_samples / 10;
  if (10 * num_kept <= 3 * num_samples) return (4 * num_samples - 10 * num_kept) / 10;
  if (2 * num_kept <= num_samples) return (num_samples - 2 * num_kept) / 4;
  return 0;
}

std::uint32_t num_left_out(const SelectionInput& input) {
  const std::uint32_t most = input.num_samples - input.num_kept;
  const double cutoff = input.parameter("hard_cutoff", -1);
  if (cutoff < 0) {
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(most, default_cutoff(input.num_samples, input.num_kept)));
  }
  // The next double up: 0.29 of 100 samples are 29, though 0.29 * 100 is 28.999... in binary.
  const double share = std::nextafter(cutoff, 2.0);
  return static_cast<std::uint32_t>(std::min<double>(most, std::floor(share * input.num_samples)));
}

Samples all_but_the_hardest(const SelectionInput& input) {
  return best_samples(input.scores, input.num_samples - num_left_out(input), Prefer::lowest);
}

void require_finite(std::span<const float> scores) {
  const auto bad = std::find_if_not(scores.begin(), scores.end(),
                                    [](float score) { return std::isfinite(score); });
  if (bad == scores.end()) return;
  throw core::Error(core::ErrorKind::numeric,
                    fmt::format("the score of sample {} is {}; strategy stratified needs finite "
                                "scores",
                                bad - scores.begin(), *bad));
}

Bands cut_into_bands(std::span<const float> scores, const Samples& samples) {
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -lowest;
  for (const std::uint32_t sample : samples) {
    lowest = std::min<double>(lowest, scores[sample]);
    highest = std::max<double>(highest, scores[sample]);
  }
  Bands bands;
  const double width = (highest - lowest) / kBands;
  for (const std::uint32_t sample : samples) {
    const double band = width > 0 ? (scores[sample] - lowest) / width : 0;
    bands[std::min(static_cast<std::uint32_t>(band), kBands - 1)].push_back(sample);
  }
  return bands;
}

}  // namespace

std::vector<std::uint32_t> select_stratified(const SelectionInput& input) {
  require_finite(input.scores);
  const Bands bands = cut_into_bands(input.scores, all_but_the_hardest(input));
  std::array<std::uint32_t, kBands> sizes{};
  std::transform(bands.begin(), bands.end(), sizes.begin(),
                 [](const Samples& band) { return static_cast<std::uint32_t>(band.size()); });
  const std::vector<std::uint32_t> quotas = even_quotas(sizes, input.num_kept);
  core::RandomStream draws({.seed = input.seed, .purpose = core::Purpose::selection});
  Samples kept;
  for (std::uint32_t band = 0; band < kBands; ++band) {
    const Samples share = random_share(bands[band], quotas[band], draws);
    kept.insert(kept.end(), share.begin(), share.end());
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace edgeprune::select
