#include "edgeprune/score/loss_score.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

namespace edgeprune::score {

std::string_view name_of(LossScoreMode mode) {
  switch (mode) {
    case LossScoreMode::observed:
      return "observed";
    case LossScoreMode::checkpoints:
      return "checkpoints";
    case LossScoreMode::detrended:
      return "detrended";
  }
  return "observed";
}

LossScore::LossScore(std::uint32_t num_samples, LossScoreMode mode) : mode_(mode) {
  state_.sums.resize(num_samples);
  state_.visits.resize(num_samples);
}

void LossScore::check(const Observation& batch) const {
  if (batch.samples.size() != batch.losses.size()) {
    throw core::Error(
        core::ErrorKind::internal,
        fmt::format("{} samples with {} losses", batch.samples.size(), batch.losses.size()));
  }
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    if (batch.samples[i] >= state_.sums.size()) {
      throw core::Error(core::ErrorKind::internal,
                        fmt::format("sample {} of {}", batch.samples[i], state_.sums.size()));
    }
    if (!std::isfinite(batch.losses[i])) {
      throw core::Error(core::ErrorKind::numeric,
                        fmt::format("the loss of sample {} is {}; lower train.learning_rate",
                                    batch.samples[i], batch.losses[i]));
    }
  }
}

void LossScore::observe(const Observation& batch) {
  check(batch);
  double baseline = 0;
  if (mode_ == LossScoreMode::detrended) {
    baseline = std::accumulate(batch.losses.begin(), batch.losses.end(), 0.0) /
               static_cast<double>(batch.losses.size());
  }
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    state_.sums[batch.samples[i]] += static_cast<double>(batch.losses[i]) - baseline;
    ++state_.visits[batch.samples[i]];
  }
}

std::vector<std::uint32_t> LossScore::unseen() const {
  std::vector<std::uint32_t> samples;
  for (std::uint32_t n = 0; n < state_.visits.size(); ++n) {
    if (state_.visits[n] == 0) samples.push_back(n);
  }
  return samples;
}

std::vector<float> LossScore::scores() const {
  std::vector<float> scores(state_.sums.size());
  for (std::size_t n = 0; n < scores.size(); ++n) {
    if (state_.visits[n] == 0) {
      throw core::Error(core::ErrorKind::internal, fmt::format("sample {} has no score", n));
    }
    scores[n] = static_cast<float>(state_.sums[n] / state_.visits[n]);
  }
  return scores;
}

void LossScore::restore(LossScoreState state) {
  if (state.sums.size() != state_.sums.size() || state.visits.size() != state_.visits.size()) {
    throw core::Error(core::ErrorKind::data, "the saved scores are of another data set's size");
  }
  state_ = std::move(state);
}

}  // namespace edgeprune::score
