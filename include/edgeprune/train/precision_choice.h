#pragma once
// In which precision a run stores and multiplies: what its configuration asks for, on this CPU.

#include "edgeprune/nn/program.h"

#include <string>
#include <string_view>

namespace edgeprune::train {

enum class WantedPrecision {
  f32,
  bf16,         // refused where the CPU does not multiply bfloat16
  bf16_or_f32,  // bf16 where it does
  bf16_storage,
};

struct ChosenPrecision {
  nn::Precision precision = nn::Precision::f32;
  std::string
      notice;  // one line where another precision takes the first choice's place; else empty
};
/// `simd_target` names this machine in messages. An Error of kind config where bf16 is asked for
/// and not there.
[[nodiscard]] ChosenPrecision choose_precision(WantedPrecision wanted, bool bf16_available,
                                               std::string_view simd_target);

}  // namespace edgeprune::train
