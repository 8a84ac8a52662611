#include "edgeprune/train/precision_choice.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

namespace edgeprune::train {

std::string_view name_of(nn::Precision precision) {
  return precision == nn::Precision::bf16 ? "bf16" : "f32";
}

ChosenPrecision choose_precision(WantedPrecision wanted, bool bf16_available,
                                 std::string_view simd_target) {
  if (wanted == WantedPrecision::f32) return {};
  if (bf16_available) return {.precision = nn::Precision::bf16};
  if (wanted == WantedPrecision::bf16_or_f32) {
    return {.notice = fmt::format("train.precision bf16_or_f32 runs in f32: this machine ({}) does "
                                  "not multiply bfloat16",
                                  simd_target)};
  }
  throw core::Error(core::ErrorKind::config,
                    fmt::format("train.precision is bf16, which this machine ({}) does not "
                                "multiply; use bf16_or_f32 or f32",
                                simd_target));
}

}  // namespace edgeprune::train
