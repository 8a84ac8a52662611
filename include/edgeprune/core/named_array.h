#pragma once
// Numbers by name, where they lie: what a checkpoint saves, and fills when a run goes on.
//
//   std::vector<NamedArray> state() { return {{"sums", std::span(sums_)}}; }
//   with_prefix("score.loss.", score.state());   // "score.loss.sums"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace edgeprune::core {

struct NamedArray {
  std::string name;
  std::variant<std::span<float>, std::span<double>, std::span<std::uint32_t>> values;
};

[[nodiscard]] inline std::vector<NamedArray> with_prefix(std::string_view prefix,
                                                         std::vector<NamedArray> arrays) {
  for (NamedArray& array : arrays) array.name.insert(0, prefix);
  return arrays;
}

}  // namespace edgeprune::core
