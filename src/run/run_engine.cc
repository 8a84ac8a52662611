#include "edgeprune/run/run_engine.h"

#include <fmt/format.h>

namespace edgeprune::run {

bool computes_alike(const Engine& a, const Engine& b) {
  return a.simd_target == b.simd_target && a.precision == b.precision &&
         a.micro_batch_size == b.micro_batch_size;
}

std::string text_of(const Engine& engine) {
  const std::string parts = engine.micro_batch_size > 0
                                ? fmt::format(" in micro-batches of {}", engine.micro_batch_size)
                                : "";
  return fmt::format("{} in {}{}", engine.simd_target, engine.precision, parts);
}

}  // namespace edgeprune::run
