#include "edgeprune/score/label_noise.h"

#include "edgeprune/core/error.h"

#include "observed.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace edgeprune::score {
namespace {

/// The largest logit less the next.
double lead_of(std::span<const float> logits) {
  const auto best = std::ranges::max_element(logits) - logits.begin();
  return margin_of(logits, static_cast<std::size_t>(best));
}

bool is_in_lower_half(std::span<const float> logits, std::size_t label) {
  const auto above =
      std::ranges::count_if(logits, [&](float logit) { return logit > logits[label]; });
  return static_cast<std::size_t>(above) >= logits.size() - logits.size() / 2;
}

}  // namespace

LabelNoiseEstimate::LabelNoiseEstimate(const LabelNoiseOptions& options)
    : num_classes_(options.num_classes),
      first_counted_(static_cast<double>(options.num_observations / 2)) {
  if (num_classes_ < 2) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("label noise among {} classes", num_classes_));
  }
}

// Leads of the whole batch first, so that the order within it does not matter.
void LabelNoiseEstimate::observe(const Observation& batch) {
  const bool counts = sums_[kObserved] >= first_counted_;
  sums_[kObserved] += static_cast<double>(batch.samples.size());
  if (!counts) return;
  const Rows rows(batch);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double lead = lead_of(rows[i].logits);
    sums_[kLead] += lead;
    sums_[kSquaredLead] += lead * lead;
    sums_[kCounted] += 1;
  }
  const double sure = sure_lead();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (lead_of(rows[i].logits) < sure) continue;
    sums_[kSure] += 1;
    sums_[kLow] += is_in_lower_half(rows[i].logits, rows[i].label) ? 1 : 0;
  }
}

double LabelNoiseEstimate::sure_lead() const {
  const double mean = sums_[kLead] / sums_[kCounted];
  const double variance = sums_[kSquaredLead] / sums_[kCounted] - mean * mean;
  return mean + std::sqrt(std::max(variance, 0.0));
}

double LabelNoiseEstimate::per_low_label() const {
  return static_cast<double>(num_classes_ - 1) / (num_classes_ / 2);
}

double LabelNoiseEstimate::share() const {
  if (sums_[kSure] == 0) return 0;
  return std::min(per_low_label() * sums_[kLow] / sums_[kSure], 1.0);
}

// Of a binomial share with one success and one failure added, so that none seen is not certainty.
double LabelNoiseEstimate::standard_error() const {
  const double tries = sums_[kSure] + 2;
  const double low = (sums_[kLow] + 1) / tries;
  return std::min(per_low_label() * std::sqrt(low * (1 - low) / tries), 1.0);
}

}  // namespace edgeprune::score
