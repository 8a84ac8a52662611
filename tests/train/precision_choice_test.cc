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

TEST(PrecisionChoice, FallsBackAloudOrRefuses) {
  const ChosenPrecision fallback = choose_precision(WantedPrecision::bf16_or_f32, false, "AVX2");
  EXPECT_EQ(fallback.precision, nn::Precision::f32);
  EXPECT_NE(fallback.notice.find("AVX2"), std::string::npos);
  EXPECT_EQ(choose_precision(WantedPrecision::f32, false, "AVX2").notice, "");
  expect_error(ErrorKind::config, {"train.precision is bf16", "AVX2", "bf16_or_f32"},
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

TEST(Precision, Bf16LearnsAndSaysSo) {
  if (!nn::is_available(nn::Precision::bf16)) GTEST_SKIP() << "this CPU has no bf16";
  const SmallRun data(300);
  const Config config =
      data.config("run", {"train.precision=bf16", "train.epochs=8", "train.learning_rate=0.005"});
  EXPECT_GT(SmallRun::run(config).test_accuracy, 0.6) << "four classes: guessing gives 0.25";
  EXPECT_EQ(json::parse(run_file(config, kPlanFile))["engine"]["precision"], "bf16");
  EXPECT_EQ(json::parse(run_file(config, kSummaryFile))["engine"]["precision"], "bf16");
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
