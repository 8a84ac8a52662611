#include "edgeprune/run/run_memory.h"

#include "edgeprune/nn/networks.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

json file_of(const config::Config& config, std::string_view name) {
  return json::parse(run_file(config, name));
}

std::string memory_bytes(std::uint64_t bytes) {
  return "limits.memory_bytes=" + std::to_string(bytes);
}

// Of 150 samples: visits and a sum each.
constexpr std::uint64_t kLossBytes = 150 * (4 + 8);

TEST(RunMemory, AddsUpItsParts) {
  const SmallRun small;
  const RunData data = open_run_data(small.config("run"));
  const nn::Network network = nn::mlp(data.shape(), {24}, 4);
  // 64 x 24 + 24 and 24 x 4 + 4 parameters.
  constexpr std::uint64_t kParameterBytes = 4 * (64 * 24 + 24 + 24 * 4 + 4);
  const RunMemory memory = predict_run_memory(network, data, {.batch_size = 16}, 2);
  EXPECT_EQ(memory.model, kParameterBytes);
  EXPECT_EQ(memory.gradients, kParameterBytes);
  EXPECT_EQ(memory.optimizer, 2 * kParameterBytes) << "Adam has two moments";
  EXPECT_EQ(memory.saving, 4u * 64 * 24);
  EXPECT_GE(memory.data, (150u + 60u) * (64 + 4)) << "pixels and labels of both sets";
  EXPECT_EQ(memory.batches, 2u * 17 * (4 * 64 + 8));
  const RunMemory split =
      predict_run_memory(network, data, {.batch_size = 16, .micro_batch_size = 4}, 2);
  EXPECT_EQ(split.gradients, 2 * kParameterBytes);
  EXPECT_LT(split.arena, memory.arena);
}

// 150 samples: visits (4), loss and el2n (8 each); features of 12 values of the largest class, and
// its pairs.
TEST(RunMemory, CountsScoresAndWhatASelectionHolds) {
  const SmallRun small;
  const RunData data = open_run_data(small.config("run"));
  const nn::Network network = nn::mlp(data.shape(), {12}, 4);
  const auto memory_of = [&](const char* strategy) {
    const config::Config config = small.config(
        "run", {"score.columns=[\"loss\", \"el2n\"]", std::string("prune.strategy=") + strategy});
    return selection_memory(config::resolve(config), network, data.train);
  };
  const auto counts = data::class_counts(data.train, data::all_samples(data.train));
  const std::uint64_t largest = *std::max_element(counts.begin(), counts.end());
  EXPECT_EQ(memory_of("top").scores, 150u * 20);
  EXPECT_EQ(memory_of("top").selection, 0u);
  EXPECT_EQ(memory_of("moderate").selection, 4 * largest * 12);
  EXPECT_EQ(memory_of("facility_location").selection, 4 * (largest * 12 + largest * largest));
  EXPECT_EQ(memory_of("short").scores, 0u);
}

TEST(RunMemory, RecomputingEndsWithTheBitsOfKeeping) {
  const SmallRun data;
  const config::Config keep = data.config("keep", {"train.memory=keep"});
  const config::Config recompute = data.config("recompute", {"train.memory=recompute"});
  (void)SmallRun::run(keep);
  (void)SmallRun::run(recompute);
  for (const std::string_view file : {kScoresFile, kSelectionFile, kModelFile}) {
    EXPECT_EQ(run_file(keep, file), run_file(recompute, file)) << file;
  }
  const json kept = file_of(keep, kPlanFile)["memory"];
  const json recomputed = file_of(recompute, kPlanFile)["memory"];
  EXPECT_EQ(kept["mode"], "keep");
  EXPECT_EQ(recomputed["mode"], "recompute");
  EXPECT_LT(recomputed["predicted"]["arena"], kept["predicted"]["arena"]);
}

TEST(RunMemory, AutoStepsDownAsTheLimitDoes) {
  const SmallRun data;
  const config::Config config = data.config("run", {"train.batch_size=64"});
  const RunData opened = open_run_data(config);
  const nn::Network network = nn::cnn(opened.shape(), 4);
  const auto bytes = [&](bool recompute, std::uint32_t micro) {
    return predict_run_memory(network, opened,
                              {.batch_size = 64, .recompute = recompute, .micro_batch_size = micro},
                              2)
               .total() +
           kLossBytes;
  };
  const auto way_within = [&](const std::string& name, std::uint64_t limit) {
    const config::Config limited =
        data.config(name, {"train.batch_size=64", "train.epochs=1", memory_bytes(limit)});
    Notices notices;
    (void)SmallRun::run(limited, {.events = &notices});
    const json memory = file_of(limited, kSummaryFile)["memory"];
    EXPECT_LE(memory["predicted"]["peak_resident_bytes"], limit);
    EXPECT_GT(memory["measured"]["peak_resident_bytes"], 0);
    EXPECT_EQ(notices.count(NoticeKind::memory), 1);
    return memory["mode"].get<std::string>();
  };
  EXPECT_EQ(way_within("keep", bytes(false, 64)), "keep");
  EXPECT_EQ(way_within("recompute", bytes(true, 64)), "recompute");
  EXPECT_EQ(way_within("accumulate", bytes(true, 16)), "accumulate");
  const config::Config refused = data.config("refused", {"limits.memory_bytes=1MB"});
  expect_error(ErrorKind::config, {"limits.memory_bytes is 1000000", "at least"},
               [&] { (void)SmallRun::run(refused); });
}

TEST(RunMemory, ASplitRunResumesWithTheSameBits) {
  const SmallRun data;
  const std::vector<std::string> split = {"train.memory=accumulate", "train.micro_batch_size=6"};
  const config::Config whole = data.config("whole", split);
  const config::Config staged = data.config("staged", split);
  (void)SmallRun::run(whole);
  (void)SmallRun::run(staged, {.goal = Phase::select});
  (void)run_pipeline(config::resolve(staged), {.goal = Phase::done});
  EXPECT_EQ(run_file(whole, kModelFile), run_file(staged, kModelFile));
}

TEST(RunMemory, AnotherSplitOnResumingIsSaid) {
  const SmallRun data;
  config::Config config = data.config("run", {"train.batch_size=64"});
  (void)SmallRun::run(config, {.goal = Phase::select});
  const RunData opened = open_run_data(config);
  config.limits.memory_bytes.count =
      predict_run_memory(nn::cnn(opened.shape(), 4), opened,
                         {.batch_size = 64, .recompute = true, .micro_batch_size = 16}, 2)
          .total() +
      kLossBytes;
  Notices notices;
  (void)run_pipeline(config::resolve(config), {.goal = Phase::done, .events = &notices});
  EXPECT_NE(notices.all.find("in f32 in micro-batches of 16"), std::string::npos) << notices.all;
}

}  // namespace
}  // namespace edgeprune::run
