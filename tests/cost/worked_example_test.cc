// "A worked example" of docs/costs.md, computed again: the page must hold every figure.

#include "edgeprune/core/files.h"
#include "edgeprune/cost/device_profile.h"
#include "edgeprune/cost/equations.h"
#include "edgeprune/cost/planner.h"
#include "edgeprune/cost/run_cost.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace edgeprune::cost {
namespace {

constexpr std::uint32_t kEpochs = 20;
constexpr std::uint32_t kBatchSize = 64;

std::string example() {
  const std::string page = core::read_file(EDGEPRUNE_SOURCE_DIR "/docs/costs.md");
  const std::size_t begin = page.find("## A worked example\n");
  if (begin == std::string::npos) return "";
  return page.substr(begin, page.find("\n## ", begin) - begin);
}

void expect_figures(const std::vector<std::string>& figures) {
  const std::string text = example();
  for (const std::string& figure : figures) {
    EXPECT_NE(text.find(figure), std::string::npos) << figure;
  }
}

RunWork work(std::uint32_t num_kept) {
  return {.num_samples = 10000,
          .num_kept = num_kept,
          .num_stored = num_kept,
          .num_test = 2000,
          .score_steps = training_iterations(1, 10000, kBatchSize),
          .score_samples = 10000,
          .train_steps = training_iterations(kEpochs, num_kept, kBatchSize),
          .train_samples = double{kEpochs} * num_kept,
          .full_samples = std::uint64_t{kEpochs} * 10000,
          .evaluation_samples = 12000,
          .flops_per_sample = 30e6,
          .forward_flops_per_sample = 10e6,
          .bytes_per_sample = 784,
          .stored_bytes = stored_bytes(num_kept, 784)};
}

RunCost cost_of(std::uint32_t num_kept) {
  static const DeviceProfile pi = read_device_profile("raspberry-pi-5");
  return predict_run_cost(work(num_kept), {.profile = pi});
}

std::string row(std::string_view phase, const PhaseCost& cost) {
  return fmt::format("| {} | {:.2f} | {:.2f} | {:.1f} |", phase, cost.flops / 1e9, cost.seconds,
                     cost.joules);
}

TEST(WorkedExample, HasTheCostOfEachPhase) {
  const RunCost cost = cost_of(1000);
  std::vector<std::string> figures = {fmt::format("T_0 = {}", work(1000).score_steps),
                                      fmt::format("T = {}", work(1000).train_steps)};
  for (const core::Activity activity : core::kWorkActivities) {
    figures.push_back(row(name_of(activity), cost.of(activity)));
  }
  figures.push_back(row("total", cost.total()));
  expect_figures(figures);
}

TEST(WorkedExample, HasStorageAndBothRatios) {
  const RunCost cost = cost_of(1000);
  expect_figures({fmt::format("{:.0f} bytes", cost.stored_bytes),
                  fmt::format("{:.0f} bytes", cost.peak_stored_bytes),
                  fmt::format("paper's ratio (27) is {:.2f}", cost.paper_ratio),
                  fmt::format("with the warm-up it is {:.2f}", cost.ratio_with_warmup)});
}

TEST(WorkedExample, HasTheLargestRunForABudget) {
  const Fit fit = largest_that_fits(10000, {.joules = 300}, cost_of);
  expect_figures(
      {fmt::format("M = {}", fit.value), fmt::format("{:.1f} J of the 300", fit.uses.at(0).used),
       fmt::format("one more would take {:.1f} J", cost_of(fit.value + 1).total().joules),
       fmt::format("{:.1f} J before the first epoch",
                   cost_of(1).total().joules - cost_of(1).of(core::Activity::train).joules)});
}

TEST(WorkedExample, HasTheKeepRatioOfTheWeightedObjective) {
  const PowerLaw law{.floor = 0.1, .scale = 0.02, .exponent = 0.5};
  Device device{.name = "pi", .num_samples = 10000, .cost_of_kept = cost_of};
  for (const double ratio : {0.1, 0.3, 1.0}) {
    device.curve.push_back({ratio, law.at(ratio), 0.002});
    expect_figures({fmt::format("{:.4f} at {}", law.at(ratio), ratio)});
  }
  const auto found = recommend_keep_ratios(std::vector<Device>{device}, {.per_joule = 1e-4}, 0);
  ASSERT_TRUE(found.at(0).range.has_value());
  expect_figures(
      {fmt::format("rho = {:.3f}", found[0].keep_ratio),
       fmt::format("an error of {:.3f}", found[0].loss),
       fmt::format("{:.0f} J", found[0].cost.total().joules),
       fmt::format("between {:.2f} and {:.2f}", found[0].range->low, found[0].range->high)});
  // 0.01 rho^-3/2 = 1e-4 * 11 W * 10000 * 20 * 30e6 / 30.2e9 s = 0.218543.
  EXPECT_NEAR(found[0].keep_ratio, std::pow(0.218543 / 0.01, -2.0 / 3), 1e-3);
}

}  // namespace
}  // namespace edgeprune::cost
