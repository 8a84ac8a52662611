#include "edgeprune/core/json_input.h"

#include "fuzz_target.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

using namespace edgeprune;

namespace {

std::size_t depth_of(const nlohmann::json& value) {
  std::size_t deepest = 0;
  for (const auto& part : value) {
    if (part.is_structured()) deepest = std::max(deepest, depth_of(part));
  }
  return deepest + (value.is_structured() ? 1 : 0);
}

}  // namespace

// What is let in keeps the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::JsonSource source{.name = "fuzz",
                                .what = "not what it should be",
                                .fix = "restore it",
                                .limits = {.bytes = 4096, .depth = 8, .string_bytes = 64}};
  fuzz::accept_only_our_errors([&] {
    const auto depth = core::read_json<nlohmann::json>(fuzz::as_text(data, size), source, depth_of);
    if (depth > source.limits.depth) std::abort();
  });
  return 0;
}
