#pragma once
// The index of a container: four numbers for each sample, as LEB128.

#include <cstdint>
#include <string>

namespace edgeprune::data {

struct IndexEntry {
  std::uint32_t distance = 0;  // to the sample before; of the first, its index
  std::int32_t label = 0;
  std::uint32_t shared = 0;
  std::uint64_t bytes = 0;
};

void append_entry(const IndexEntry& entry, std::string& index);
[[nodiscard]] std::uint64_t index_bytes(const IndexEntry& entry);

}  // namespace edgeprune::data
