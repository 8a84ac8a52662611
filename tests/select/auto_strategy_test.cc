#include "edgeprune/select/auto_strategy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace edgeprune::select {
namespace {

std::string_view chosen(const AutoRequest& request) {
  return choose_strategy(request).strategy;
}

TEST(AutoStrategy, KeepsAllDataWhereOnlyComputeIsShort) {
  for (const double keep_ratio : {0.01, 0.1, 0.5, 1.0}) {
    EXPECT_EQ(chosen({.constraint = Constraint::compute, .keep_ratio = keep_ratio}), "short");
  }
}

TEST(AutoStrategy, TakesRepresentativesWhereFewMayBeStored) {
  EXPECT_EQ(chosen({.constraint = Constraint::storage, .keep_ratio = 0.1}), "facility_location");
  EXPECT_EQ(
      chosen(
          {.constraint = Constraint::storage, .keep_ratio = 0.2, .label_noise_lower_bound = 0.05}),
      "facility_location");
}

TEST(AutoStrategy, StaysInTheMiddleWhereLabelsLookWrong) {
  EXPECT_EQ(
      chosen(
          {.constraint = Constraint::storage, .keep_ratio = 0.2, .label_noise_lower_bound = 0.24}),
      "moderate");
}

TEST(AutoStrategy, TakesRandomSamplesWhereManyMayBeStored) {
  for (const std::optional<double> noise : {std::optional<double>(), {0.0}, {0.3}}) {
    EXPECT_EQ(chosen({.constraint = Constraint::storage,
                      .keep_ratio = 0.5,
                      .label_noise_lower_bound = noise}),
              "random");
  }
}

TEST(AutoStrategy, ChoosesAmongItsCandidatesAndSaysWhy) {
  for (const Constraint constraint : {Constraint::compute, Constraint::storage}) {
    const auto candidates = auto_candidates(constraint);
    for (const double keep_ratio : {0.1, 0.3, 0.6}) {
      for (const std::optional<double> noise : {std::optional<double>(), {0.2}}) {
        const AutoChoice choice = choose_strategy(
            {.constraint = constraint, .keep_ratio = keep_ratio, .label_noise_lower_bound = noise});
        EXPECT_NE(std::find(candidates.begin(), candidates.end(), choice.strategy),
                  candidates.end());
        EXPECT_FALSE(choice.reason.empty());
      }
    }
    for (const std::string_view name : candidates) {
      EXPECT_EQ(strategy_named(name).warms_up, constraint == Constraint::storage) << name;
    }
  }
}

}  // namespace
}  // namespace edgeprune::select
