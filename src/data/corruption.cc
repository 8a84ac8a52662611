#include "edgeprune/data/corruption.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

namespace edgeprune::data {
namespace {

using core::RandomStream;

// Never 0, so that its logarithm is finite.
double positive_uniform(RandomStream& draws) {
  return static_cast<double>(draws.uniform()) + 0x1p-25;
}

// Box and Muller, 1958.
double standard_normal(RandomStream& draws) {
  const double radius = std::sqrt(-2 * std::log(positive_uniform(draws)));
  return radius * std::cos(2 * std::numbers::pi * static_cast<double>(draws.uniform()));
}

// The logarithm of a Gamma(shape, 1) draw: Marsaglia and Tsang, "A simple method for generating
// gamma variables", 2000. Logarithms, because with a small shape the draws themselves underflow.
double log_gamma_draw(double shape, RandomStream& draws) {
  double boost = 0;
  if (shape < 1) {
    boost = std::log(positive_uniform(draws)) / shape;
    shape += 1;
  }
  const double d = shape - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = standard_normal(draws);
    const double v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    if (std::log(positive_uniform(draws)) < x * x / 2 + d - d * v + d * std::log(v)) {
      return boost + std::log(d * v);
    }
  }
}

// Shares that sum to 1.
std::vector<double> dirichlet_draw(double concentration, std::size_t classes, RandomStream& draws) {
  std::vector<double> shares(classes);
  for (double& share : shares) share = log_gamma_draw(concentration, draws);
  const double largest = *std::max_element(shares.begin(), shares.end());
  for (double& share : shares) share = std::exp(share - largest);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

// How many samples of each class, none above what there is.
std::vector<std::uint32_t> counts_within(const std::vector<double>& shares,
                                         const std::vector<std::uint32_t>& available,
                                         std::uint32_t count) {
  std::vector<std::uint32_t> counts(shares.size());
  std::vector<double> wanted(shares.size());
  for (std::uint32_t left = count; left > 0; --left) {
    // One sample at a time, to the class that is furthest below its share.
    std::size_t next = shares.size();
    for (std::size_t c = 0; c < shares.size(); ++c) {
      wanted[c] = shares[c] * count - counts[c];
      if (counts[c] < available[c] && (next == shares.size() || wanted[c] > wanted[next])) next = c;
    }
    ++counts[next];
  }
  return counts;
}

}  // namespace

Dataset with_label_noise(Dataset dataset, double share, std::uint64_t seed) {
  const std::uint32_t classes = dataset.num_classes();
  if (classes < 2) {
    throw core::Error(core::ErrorKind::data,
                      fmt::format("{}: has one class, so that no label can be wrong; leave out "
                                  "data.label_noise",
                                  dataset.name));
  }
  const auto order = core::random_permutation(
      dataset.num_samples(), {.seed = seed, .purpose = core::Purpose::label_noise});
  const auto wrong = static_cast<std::uint32_t>(std::lround(share * dataset.num_samples()));
  RandomStream draws({.seed = seed, .purpose = core::Purpose::label_noise, .epoch = 1});
  for (std::uint32_t i = 0; i < wrong; ++i) {
    std::int32_t& label = dataset.labels[order[i]];
    const auto shift = static_cast<std::int32_t>(1 + draws.below(classes - 1));
    label = (label + shift) % static_cast<std::int32_t>(classes);
  }
  return finish_dataset(std::move(dataset));
}

Dataset with_class_skew(const Dataset& dataset, double concentration, std::uint32_t count,
                        std::uint64_t seed) {
  if (count > dataset.num_samples()) {
    throw core::Error(core::ErrorKind::config,
                      fmt::format("data.train_limit is {}; {} has {} samples to draw from", count,
                                  dataset.name, dataset.num_samples()));
  }
  RandomStream draws({.seed = seed, .purpose = core::Purpose::class_skew});
  const auto shares = dirichlet_draw(concentration, dataset.num_classes(), draws);
  auto left = counts_within(shares, class_counts(dataset, all_samples(dataset)), count);
  const auto order = core::random_permutation(
      dataset.num_samples(), {.seed = seed, .purpose = core::Purpose::class_skew, .epoch = 1});
  std::vector<std::uint32_t> samples;
  for (const std::uint32_t n : order) {
    std::uint32_t& of_class = left[static_cast<std::size_t>(dataset.labels[n])];
    if (of_class == 0) continue;
    --of_class;
    samples.push_back(n);
  }
  std::sort(samples.begin(), samples.end());
  return take_samples(dataset, samples);
}

}  // namespace edgeprune::data
