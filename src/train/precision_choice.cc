#include "edgeprune/train/precision_choice.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

namespace edgeprune::train {

ChosenPrecision choose_precision(WantedPrecision wanted, bool bf16_available,
                                 std::string_view simd_target) {
  if (wanted == WantedPrecision::f32) return {};
  if (wanted == WantedPrecision::bf16_storage) return {.precision = nn::Precision::bf16_storage};
  if (bf16_available) return {.precision = nn::Precision::bf16};
  if (wanted == WantedPrecision::bf16_or_f32) {
    return {.notice = fmt::format(
                "train.precision bf16_or_f32 runs in f32: this machine ({}) does not multiply "
                "bfloat16; bf16_storage takes half the memory for activations on any machine",
                simd_target)};
  }
  throw core::Error(
      core::ErrorKind::config,
      fmt::format("train.precision is bf16, which this machine ({}) does not multiply; use "
                  "bf16_storage (stored as bf16, multiplied in f32), bf16_or_f32 or f32",
                  simd_target));
}

}  // namespace edgeprune::train
