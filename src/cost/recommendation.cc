#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/cost/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

namespace edgeprune::cost {
namespace {

constexpr std::uint32_t kCandidates = 2000;
constexpr std::uint32_t kRefits = 500;
constexpr std::uint32_t kLeftOut = kRefits / 20;  // 5 % at either end

struct Candidate {
  std::uint32_t num_kept = 0;
  double weighted_cost = 0;
};

// A device's side of (14): which M there are, and what each is worth under an accuracy curve.
class Choice {
 public:
  Choice(const Device& device, const Weights& weights, double share)
      : device_(device),
        weights_(weights),
        share_(share),
        max_(largest_that_fits(device.num_samples, device.budgets, device.cost_of_kept,
                               device.min_kept)) {
    const std::uint64_t gaps = max_.value - device.min_kept;
    const std::uint64_t steps = std::min<std::uint64_t>(gaps, kCandidates - 1);
    for (std::uint64_t step = 0; step < steps; ++step) add(gaps * step / steps);
    add(gaps);
  }

  [[nodiscard]] const Fit& most() const { return max_; }

  [[nodiscard]] double objective(const Candidate& candidate, const PowerLaw& law) const {
    return share_ * law.at(keep_ratio(candidate.num_kept)) + candidate.weighted_cost;
  }

  [[nodiscard]] double keep_ratio(std::uint32_t num_kept) const {
    return static_cast<double>(num_kept) / device_.num_samples;
  }

  [[nodiscard]] Candidate best(const PowerLaw& law) const { return min_of(candidates_, law); }

  /// The same, with every M between the neighbours of the best candidate.
  [[nodiscard]] Candidate refined(const PowerLaw& law) const {
    const Candidate coarse = best(law);
    const std::uint32_t gap = (max_.value - device_.min_kept) / kCandidates + 1;
    if (gap == 1) return coarse;
    const std::uint32_t below = std::min(gap, coarse.num_kept - device_.min_kept);
    const std::uint32_t last = std::min(coarse.num_kept + gap, max_.value);
    std::vector<Candidate> around;
    for (std::uint32_t m = coarse.num_kept - below; m <= last; ++m) around.push_back(priced(m));
    return min_of(around, law);
  }

 private:
  [[nodiscard]] Candidate priced(std::uint32_t num_kept) const {
    return {num_kept, weighted_cost(weights_, device_.cost_of_kept(num_kept))};
  }

  void add(std::uint64_t above_least) {
    candidates_.push_back(priced(device_.min_kept + static_cast<std::uint32_t>(above_least)));
  }

  [[nodiscard]] Candidate min_of(const std::vector<Candidate>& candidates,
                                 const PowerLaw& law) const {
    return *std::min_element(candidates.begin(), candidates.end(),
                             [&](const Candidate& a, const Candidate& b) {
                               return objective(a, law) < objective(b, law);
                             });
  }

  const Device& device_;
  const Weights& weights_;
  double share_;  // p_k
  Fit max_;
  std::vector<Candidate> candidates_;  // ascending
};

// Box-Muller; 1 - u is never 0.
double normal(core::RandomStream& draws) {
  const double radius = std::sqrt(-2 * std::log(1 - static_cast<double>(draws.uniform())));
  return radius * std::cos(2 * std::numbers::pi * static_cast<double>(draws.uniform()));
}

// The standard deviation of the points about the law; nothing where it has as many parameters as
// there are points.
std::optional<double> scatter(const std::vector<CurvePoint>& points, const PowerLaw& law) {
  std::set<double> ratios;
  double sum_of_squares = 0;
  for (const CurvePoint& point : points) {
    ratios.insert(point.keep_ratio);
    const double residual = point.loss - law.at(point.keep_ratio);
    sum_of_squares += residual * residual;
  }
  const std::size_t parameters = std::min<std::size_t>(ratios.size(), 3);
  if (points.size() <= parameters) return {};
  return std::sqrt(sum_of_squares / static_cast<double>(points.size() - parameters));
}

// The points with the standard errors that refits draw by.
std::optional<std::vector<CurvePoint>> points_with_errors(const std::vector<CurvePoint>& points,
                                                          const PowerLaw& law) {
  if (std::all_of(points.begin(), points.end(),
                  [](const CurvePoint& point) { return point.standard_error > 0; })) {
    return points;
  }
  const std::optional<double> stddev = scatter(points, law);
  if (!stddev) return {};
  std::vector<CurvePoint> result = points;
  for (CurvePoint& point : result) point.standard_error = *stddev;
  return result;
}

std::optional<KeepRatioRange> range_of(const Choice& choice, const std::vector<CurvePoint>& curve,
                                       const PowerLaw& law, core::RandomKey key) {
  const auto points = points_with_errors(curve, law);
  if (!points) return {};
  std::vector<double> ratios;
  for (key.index = 0; key.index < kRefits; ++key.index) {
    core::RandomStream draws(key);
    std::vector<CurvePoint> drawn = *points;
    for (CurvePoint& point : drawn) {
      point.loss = law.at(point.keep_ratio) + point.standard_error * normal(draws);
    }
    ratios.push_back(choice.keep_ratio(choice.best(fit_power_law(drawn)).num_kept));
  }
  std::sort(ratios.begin(), ratios.end());
  return KeepRatioRange{ratios[kLeftOut], ratios[kRefits - 1 - kLeftOut]};
}

Recommendation recommend(const Device& device, const Weights& weights, double share,
                         const core::RandomKey& key) {
  const PowerLaw law = fit_power_law(device.curve);
  const Choice choice(device, weights, share);
  const Candidate best = choice.refined(law);
  const double keep_ratio = choice.keep_ratio(best.num_kept);
  const bool at_most = best.num_kept == choice.most().value;
  return {.device = device.name,
          .num_kept = best.num_kept,
          .keep_ratio = keep_ratio,
          .range = range_of(choice, device.curve, law, key),
          .law = law,
          .loss = law.at(keep_ratio),
          .objective = choice.objective(best, law),
          .cost = device.cost_of_kept(best.num_kept),
          .binding = at_most ? choice.most().binding : std::nullopt};
}

}  // namespace

std::vector<Recommendation> recommend_keep_ratios(std::span<const Device> devices,
                                                  const Weights& weights, std::uint64_t seed) {
  std::uint64_t all_samples = 0;
  for (const Device& device : devices) all_samples += device.num_samples;
  std::vector<Recommendation> recommendations;
  for (const Device& device : devices) {
    const core::RandomKey key{.seed = seed,
                              .purpose = core::Purpose::curve_refit,
                              .epoch = static_cast<std::uint32_t>(recommendations.size())};
    const double share = device_weight(device.num_samples, all_samples);
    try {
      recommendations.push_back(recommend(device, weights, share, key));
    } catch (const core::Error& error) {
      throw error.of("device " + device.name);
    }
  }
  return recommendations;
}

}  // namespace edgeprune::cost
