#include "edgeprune/run/run_engine.h"

#include <fmt/format.h>

namespace edgeprune::run {

std::string text_of(const Engine& engine) {
  const std::string parts = engine.micro_batch_size > 0
                                ? fmt::format(" in micro-batches of {}", engine.micro_batch_size)
                                : "";
  return fmt::format("{} in {} with {} threads{}", engine.simd_target, engine.precision,
                     engine.threads, parts);
}

}  // namespace edgeprune::run
