#include "edgeprune/kernels/target.h"
#include "edgeprune/train/precision_choice.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::run {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

// A target without bf16, which every machine has.
std::string target_without_bf16() {
  return kernels::available_simd_targets().back();
}

TEST(Precision, WithoutBf16ARunIsRefusedOrHasTheBitsOfF32) {
  const kernels::ForcedSimdTarget forced(target_without_bf16());
  ASSERT_FALSE(nn::is_available(nn::Precision::bf16));
  const SmallRun data;
  const config::Config refused = data.config("refused", {"train.precision=bf16"});
  expect_error(ErrorKind::config, {"train.precision"}, [&] { (void)SmallRun::run(refused); });

  const config::Config f32 = data.config("f32");
  const config::Config fallback = data.config("fallback", {"train.precision=bf16_or_f32"});
  Notices notices;
  (void)SmallRun::run(f32);
  (void)SmallRun::run(fallback, {.events = &notices});
  EXPECT_NE(notices.all.find("does not multiply bfloat16"), std::string::npos) << notices.all;
  EXPECT_EQ(run_file(f32, run::kModelFile), run_file(fallback, run::kModelFile));
  EXPECT_EQ(json::parse(run_file(fallback, run::kPlanFile))["engine"]["precision"], "f32");
  EXPECT_EQ(json::parse(run_file(fallback, run::kSummaryFile))["engine"]["precision"], "f32");
}

void expect_learns(const std::string& precision) {
  const SmallRun data(300);
  const config::Config config = data.config(
      "run", {"train.precision=" + precision, "train.epochs=8", "train.learning_rate=0.005"});
  EXPECT_GT(SmallRun::run(config).test_accuracy, 0.6) << "four classes: guessing gives 0.25";
  EXPECT_EQ(json::parse(run_file(config, run::kPlanFile))["engine"]["precision"], precision);
  EXPECT_EQ(json::parse(run_file(config, run::kSummaryFile))["engine"]["precision"], precision);
}

TEST(Precision, Bf16LearnsAndSaysSo) {
  if (!nn::is_available(nn::Precision::bf16)) GTEST_SKIP() << "this CPU has no bf16";
  expect_learns("bf16");
}

TEST(Precision, Bf16StorageLearnsAndSaysSoOnAnyCpu) {
  expect_learns("bf16_storage");
}

TEST(Precision, Bf16StorageTakesHalfTheMemoryForActivations) {
  const SmallRun data;
  const auto arena = [&](const std::string& precision) {
    const config::Config config = data.config(precision, {"train.precision=" + precision});
    (void)SmallRun::run(config);
    return json::parse(run_file(config, run::kPlanFile))["memory"]["predicted"]["arena"]
        .get<double>();
  };
  const double wide = arena("f32");
  EXPECT_NEAR(arena("bf16_storage"), wide / 2, wide / 50);
}

TEST(Precision, ARunThatGoesOnInAnotherPrecisionSaysSo) {
  if (!nn::is_available(nn::Precision::bf16)) GTEST_SKIP() << "this CPU has no bf16";
  const SmallRun data;
  const config::Config config = data.config("run", {"train.precision=bf16_or_f32"});
  (void)SmallRun::run(config, {.goal = run::Phase::select});
  const kernels::ForcedSimdTarget forced(target_without_bf16());
  Notices notices;
  (void)run::run_pipeline(config::resolve(config), {.goal = run::Phase::done, .events = &notices});
  EXPECT_NE(notices.all.find("in bf16 and is resumed on"), std::string::npos) << notices.all;
}

}  // namespace
}  // namespace edgeprune::run
