// Quotas per class around a selector: each class is a problem of its own, with its share of M.
//
//   proportional   M_c = M n_c / N by largest remainder: the mix of classes stays as it is
//   uniform        M_c = M / C, what a small class lacks goes to the others
//
// Source: class-balanced pruning as in CCS's code (`class-balanced`) and this project's
// docs/method.md: a score over all classes at once may empty some of them.
// The selector sees of a class its own scores, labels, columns and features, its samples renumbered
// in ascending order, and a seed drawn from (seed, class). O(N) time beside the selector's,
// 4 bytes per sample, and for the class at hand 8 and 4 per other column that is asked for.

#include "edgeprune/core/error.h"
#include "edgeprune/core/random.h"
#include "edgeprune/select/strategy.h"

#include "even_quotas.h"
#include "largest_remainder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace edgeprune::select {
namespace {

using Samples = std::vector<std::uint32_t>;

std::vector<Samples> samples_by_class(const SelectionInput& input) {
  std::vector<Samples> classes(input.num_classes);
  for (std::uint32_t n = 0; n < input.labels.size(); ++n) {
    const auto label = static_cast<std::uint32_t>(input.labels[n]);
    if (label < classes.size()) classes[label].push_back(n);
  }
  std::size_t found = 0;
  for (const Samples& members : classes) found += members.size();
  if (found == input.num_samples) return classes;
  throw core::Error(core::ErrorKind::internal,
                    fmt::format("quotas per class: the labels of {} of {} samples are below {}",
                                found, input.num_samples, input.num_classes));
}

std::uint64_t class_seed(std::uint64_t seed, std::uint32_t label) {
  core::RandomStream draws({.seed = seed, .purpose = core::Purpose::selection, .index = label + 1});
  const std::uint64_t high = draws.next();
  return high << 32 | draws.next();
}

// One class as a problem of its own. Holds what its input refers to.
class ClassProblem {
 public:
  ClassProblem(const SelectionInput& whole, const Samples& members)
      : whole_(whole), members_(members), scores_(own(whole.scores)), labels_(own(whole.labels)) {}
  ClassProblem(const ClassProblem&) = delete;
  ClassProblem& operator=(const ClassProblem&) = delete;

  [[nodiscard]] SelectionInput input(std::uint32_t num_kept, std::uint32_t label) {
    SelectionInput input = whole_;
    input.scores = scores_;
    input.labels = labels_;
    input.num_samples = static_cast<std::uint32_t>(members_.size());
    input.num_kept = num_kept;
    input.seed = class_seed(whole_.seed, label);
    input.column = [this](std::string_view name) { return own_column(name); };
    input.features = [this](std::span<const std::uint32_t> samples) {
      return whole_.features(named_in_whole(samples));
    };
    return input;
  }

  [[nodiscard]] Samples named_in_whole(std::span<const std::uint32_t> samples) const {
    Samples named(samples.size());
    std::transform(samples.begin(), samples.end(), named.begin(),
                   [&](std::uint32_t sample) { return members_[sample]; });
    return named;
  }

 private:
  template <typename Value>
  [[nodiscard]] std::vector<Value> own(std::span<const Value> values) const {
    std::vector<Value> own;
    if (values.empty()) return own;
    own.reserve(members_.size());
    for (const std::uint32_t member : members_) own.push_back(values[member]);
    return own;
  }

  std::span<const float> own_column(std::string_view name) {
    const auto known = columns_.find(name);
    if (known != columns_.end()) return known->second;
    return columns_.emplace(name, own(whole_.column(name))).first->second;
  }

  const SelectionInput& whole_;
  const Samples& members_;
  std::vector<float> scores_;
  std::vector<std::int32_t> labels_;
  std::map<std::string, std::vector<float>, std::less<>> columns_;
};

Samples select_per_class(const Strategy& strategy, PerClass quota, const SelectionInput& input) {
  const std::vector<Samples> classes = samples_by_class(input);
  std::vector<std::uint32_t> counts;
  for (const Samples& members : classes) {
    counts.push_back(static_cast<std::uint32_t>(members.size()));
  }
  const std::vector<std::uint32_t> quotas = quota == PerClass::uniform
                                                ? even_quotas(counts, input.num_kept)
                                                : proportional_quotas(counts, input.num_kept);
  Samples kept;
  kept.reserve(input.num_kept);
  for (std::uint32_t label = 0; label < input.num_classes; ++label) {
    if (quotas[label] == 0) continue;
    ClassProblem problem(input, classes[label]);
    const Samples of_class =
        problem.named_in_whole(strategy.select(problem.input(quotas[label], label)));
    kept.insert(kept.end(), of_class.begin(), of_class.end());
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace

std::string_view name_of(PerClass quota) {
  switch (quota) {
    case PerClass::none:
      return "none";
    case PerClass::proportional:
      return "proportional";
    case PerClass::uniform:
      return "uniform";
  }
  return "";
}

void require_quotas_fit(const Strategy& strategy, PerClass quota, std::string_view called) {
  if (quota == PerClass::none || strategy.select != nullptr) return;
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("{} is {} but the strategy {} takes no quotas; leave it out, or take a strategy "
                  "that selects once, such as random",
                  called, name_of(quota), strategy.name));
}

std::vector<std::uint32_t> select_samples(const Strategy& strategy, PerClass quota,
                                          const SelectionInput& input) {
  require_quotas_fit(strategy, quota);
  if (strategy.select == nullptr) {
    throw core::Error(core::ErrorKind::internal,
                      fmt::format("strategy {} selects nothing by itself", strategy.name));
  }
  Samples kept =
      quota == PerClass::none ? strategy.select(input) : select_per_class(strategy, quota, input);
  if (kept.size() == input.num_kept) return kept;
  throw core::Error(core::ErrorKind::internal,
                    fmt::format("strategy {} kept {} samples instead of {}", strategy.name,
                                kept.size(), input.num_kept));
}

}  // namespace edgeprune::select
