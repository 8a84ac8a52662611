#include "edgeprune/train/precision_choice.h"

#include "edgeprune/kernels/target.h"

#include "small_run.h"
#include "support/expect_error.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace edgeprune::train {
namespace {

using core::ErrorKind;
using nlohmann::json;
using testing::expect_error;

TEST(PrecisionChoice, TakesBf16WhereItIsThereAndAskedFor) {
  using enum WantedPrecision;
  EXPECT_EQ(choose_precision(f32, true, "AVX3").precision, nn::Precision::f32);
  EXPECT_EQ(choose_precision(bf16, true, "AVX3").precision, nn::Precision::bf16);
  EXPECT_EQ(choose_precision(bf16_or_f32, true, "AVX3").precision, nn::Precision::bf16);
  EXPECT_EQ(choose_precision(bf16_or_f32, true, "AVX3").notice, "");
}

TEST(PrecisionChoice, TakesBf16StorageEverywhere) {
  for (const bool bf16_available : {false, true}) {
    const ChosenPrecision chosen =
        choose_precision(WantedPrecision::bf16_storage, bf16_available, "SSE4");
    EXPECT_EQ(chosen.precision, nn::Precision::bf16_storage);
    EXPECT_EQ(chosen.notice, "");
  }
}

TEST(PrecisionChoice, FallsBackAloudOrRefuses) {
  const ChosenPrecision fallback = choose_precision(WantedPrecision::bf16_or_f32, false, "AVX2");
  EXPECT_EQ(fallback.precision, nn::Precision::f32);
  EXPECT_NE(fallback.notice.find("AVX2"), std::string::npos);
  EXPECT_NE(fallback.notice.find("bf16_storage"), std::string::npos);
  EXPECT_EQ(choose_precision(WantedPrecision::f32, false, "AVX2").notice, "");
  expect_error(ErrorKind::config,
               {"train.precision is bf16", "AVX2", "bf16_storage", "bf16_or_f32"},
               [] { (void)choose_precision(WantedPrecision::bf16, false, "AVX2"); });
}

// A target without bf16, which every machine has.
std::string target_without_bf16() {
  return kernels::available_simd_targets().back();
}

TEST(Precision, WithoutBf16ARunIsRefusedOrHasTheBitsOfF32) {
  const kernels::ForcedSimdTarget forced(target_without_bf16());
  ASSERT_FALSE(nn::is_available(nn::Precision::bf16));
  const SmallRun data;
  const Config refused = data.config("refused", {"train.precision=bf16"});
  expect_error(ErrorKind::config, {"train.precision"}, [&] { (void)SmallRun::run(refused); });

  const Config f32 = data.config("f32");
  const Config fallback = data.config("fallback", {"train.precision=bf16_or_f32"});
  Notices notices;
  (void)SmallRun::run(f32);
  (void)SmallRun::run(fallback, {.events = &notices});
  EXPECT_NE(notices.all.find("does not multiply bfloat16"), std::string::npos) << notices.all;
  EXPECT_EQ(run_file(f32, kModelFile), run_file(fallback, kModelFile));
  EXPECT_EQ(json::parse(run_file(fallback, kPlanFile))["engine"]["precision"], "f32");
  EXPECT_EQ(json::parse(run_file(fallback, kSummaryFile))["engine"]["precision"], "f32");
}

void expect_learns(const std::string& precision) {
  const SmallRun data(300);
  const Config config = data.config(
      "run", {"train.precision=" + precision, "train.epochs=8", "train.learning_rate=0.005"});
  EXPECT_GT(SmallRun::run(config).test_accuracy, 0.6) << "four classes: guessing gives 0.25";
  EXPECT_EQ(json::parse(run_file(config, kPlanFile))["engine"]["precision"], precision);
  EXPECT_EQ(json::parse(run_file(config, kSummaryFile))["engine"]["precision"], precision);
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
    const Config config = data.config(precision, {"train.precision=" + precision});
    (void)SmallRun::run(config);
    return json::parse(run_file(config, kPlanFile))["memory"]["predicted"]["arena"].get<double>();
  };
  const double wide = arena("f32");
  EXPECT_NEAR(arena("bf16_storage"), wide / 2, wide / 50);
}

TEST(Precision, ARunThatGoesOnInAnotherPrecisionSaysSo) {
  if (!nn::is_available(nn::Precision::bf16)) GTEST_SKIP() << "this CPU has no bf16";
  const SmallRun data;
  const Config config = data.config("run", {"train.precision=bf16_or_f32"});
  (void)SmallRun::run(config, {.goal = Phase::select});
  const kernels::ForcedSimdTarget forced(target_without_bf16());
  Notices notices;
  (void)run_pipeline(config, {.goal = Phase::done, .events = &notices});
  EXPECT_NE(notices.all.find("in bf16 with 2 threads and goes on with"), std::string::npos)
      << notices.all;
}

}  // namespace
}  // namespace edgeprune::train
