#pragma once
// The precisions of programs by the names that `train.precision` has for them.

#include "edgeprune/nn/program.h"

#include <map>
#include <string>

namespace edgeprune::benchmarks {

inline const std::map<std::string, nn::Precision> kPrecisions = {
    {"f32", nn::Precision::f32},
    {"bf16", nn::Precision::bf16},
    {"bf16_storage", nn::Precision::bf16_storage},
};

}  // namespace edgeprune::benchmarks
