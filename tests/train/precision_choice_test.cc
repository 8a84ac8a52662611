#include "edgeprune/train/precision_choice.h"

#include "support/expect_error.h"

#include <gtest/gtest.h>

namespace edgeprune::train {
namespace {

using core::ErrorKind;
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

}  // namespace
}  // namespace edgeprune::train
