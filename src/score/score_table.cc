#include "edgeprune/core/error.h"
#include "edgeprune/score/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace edgeprune::score {
namespace {

[[noreturn]] void broken(const std::string& what) {
  throw core::Error(core::ErrorKind::internal, what);
}

void check_passes(const ScoreKind& kind, const ScoreSize& size) {
  if (kind.has_enough_passes(size)) return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("the score {} compares passes: it needs {} over the data and the warm-up makes "
                  "{}; lengthen the warm-up",
                  kind.name, kind.min_passes, size.passes));
}

void check_classes(const ScoreKind& kind, const ScoreSize& size) {
  if (size.num_classes >= 2 || !(kind.needs.logits || kind.needs.probabilities)) return;
  throw core::Error(core::ErrorKind::config,
                    fmt::format("the score {} compares classes and the data have {}; use loss",
                                kind.name, size.num_classes));
}

void check_length(std::string_view name, std::size_t length, std::size_t wanted) {
  if (length != wanted) broken(fmt::format("{} {} for a batch that has {}", length, name, wanted));
}

/// On the bits, for a loop without branches: features are many.
bool all_finite(std::span<const float> values) {
  constexpr std::uint32_t kExponent = 0x7f800000;
  std::uint32_t bad = 0;
  for (const float value : values) {
    bad |=
        static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent);
  }
  return bad == 0;
}

/// `values` hold equally many per sample.
void check_finite(std::string_view name, std::span<const float> values,
                  std::span<const std::uint32_t> samples) {
  if (all_finite(values)) return;
  const auto is_bad = [](float value) { return !std::isfinite(value); };
  const auto place =
      static_cast<std::size_t>(std::ranges::find_if(values, is_bad) - values.begin());
  throw core::Error(core::ErrorKind::numeric,
                    fmt::format("the {} of sample {} is {}; lower the learning rate", name,
                                samples[place / (values.size() / samples.size())], values[place]));
}

void check_labels(const Observation& batch, std::uint32_t num_classes) {
  check_length("labels", batch.labels.size(), batch.samples.size());
  for (const std::int32_t label : batch.labels) {
    if (label < 0 || static_cast<std::uint32_t>(label) >= num_classes) {
      broken(fmt::format("label {} of {}", label, num_classes));
    }
  }
}

void check_numbers(const Observation& batch, const ScoreNeeds& needs, std::uint32_t num_classes) {
  const std::size_t samples = batch.samples.size();
  if (needs.losses) {
    check_length("losses", batch.losses.size(), samples);
    if (!batch.losses_are_finite) check_finite("loss", batch.losses, batch.samples);
  }
  if (needs.logits) {
    check_length("logits", batch.logits.size(), samples * num_classes);
    check_finite("logit", batch.logits, batch.samples);
  }
  if (needs.probabilities) {
    check_length("probabilities", batch.probabilities.size(), samples * num_classes);
    check_finite("probability", batch.probabilities, batch.samples);
  }
  if (needs.features && samples > 0) {
    if (batch.features.empty()) broken("no features for a batch that has samples");
    check_length("features", batch.features.size(), batch.features.size() / samples * samples);
    check_finite("feature", batch.features, batch.samples);
  }
}

}  // namespace

const Scores::Column& Scores::named(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name, &Column::name);
  if (found == columns_.end()) broken(fmt::format("there is no column {}", name));
  return *found;
}

std::span<const float> Scores::column(std::string_view name) const {
  return named(name).values;
}

std::vector<float> Scores::hardness(std::string_view name) const {
  const Column& column = named(name);
  return hardness_of(column.values, column.hard);
}

ScoreTable::ScoreTable(const std::vector<std::string>& columns, const ScoreSize& size,
                       const ScoreCatalogue& catalogue)
    : size_(size), visits_(size.num_samples) {
  for (const std::string& name : columns) {
    if (std::ranges::find(columns_, name) != columns_.end()) continue;
    const ScoreKind& kind = catalogue.named(name);
    if (!kind.make) broken(fmt::format("the score {} has nothing to make it with", name));
    check_passes(kind, size);
    check_classes(kind, size);
    needs_.losses |= kind.needs.losses;
    needs_.logits |= kind.needs.logits;
    needs_.probabilities |= kind.needs.probabilities;
    needs_.features |= kind.needs.features;
    columns_.push_back(name);
    kinds_.push_back(&kind);
    scores_.push_back(kind.make(size));
  }
}

std::size_t ScoreTable::bytes_per_sample() const {
  std::size_t bytes = sizeof(visits_[0]);
  for (const ScoreKind* kind : kinds_) bytes += kind->bytes_per_sample(size_);
  return bytes;
}

void ScoreTable::observe(const Observation& batch) {
  for (const std::uint32_t sample : batch.samples) {
    if (sample >= size_.num_samples) {
      broken(fmt::format("sample {} of {}", sample, size_.num_samples));
    }
  }
  if (needs_.logits || needs_.probabilities) check_labels(batch, size_.num_classes);
  check_numbers(batch, needs_, size_.num_classes);

  for (const auto& score : scores_) score->observe(batch);
  for (const std::uint32_t sample : batch.samples) ++visits_[sample];
}

std::vector<std::uint32_t> ScoreTable::unseen() const {
  std::vector<std::uint32_t> samples;
  for (std::uint32_t n = 0; n < visits_.size(); ++n) {
    if (visits_[n] == 0) samples.push_back(n);
  }
  return samples;
}

std::vector<float> ScoreTable::column(std::string_view name) const {
  const auto column = std::ranges::find(columns_, name);
  if (column == columns_.end()) broken(fmt::format("there is no column {}", name));
  const auto missing = std::ranges::find(visits_, 0u);
  if (missing != visits_.end()) {
    broken(fmt::format("sample {} has no score", missing - visits_.begin()));
  }
  return scores_[static_cast<std::size_t>(column - columns_.begin())]->values(visits_);
}

Scores ScoreTable::finish() const {
  std::vector<Scores::Column> columns;
  for (const ScoreKind* kind : kinds_) {
    columns.push_back({.name = kind->name, .hard = kind->hard, .values = column(kind->name)});
  }
  return Scores(std::move(columns));
}

std::vector<core::NamedArray> ScoreTable::state() {
  std::vector<core::NamedArray> arrays = {{"score.visits", std::span(visits_)}};
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    for (core::NamedArray& array :
         core::with_prefix(fmt::format("score.{}.", columns_[i]), scores_[i]->state())) {
      arrays.push_back(std::move(array));
    }
  }
  return arrays;
}

}  // namespace edgeprune::score
