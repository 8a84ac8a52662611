#include "edgeprune/core/random.h"

#include <Random123/philox.h>

#include <numeric>
#include <utility>

namespace edgeprune::core {

RandomStream::RandomStream(const RandomKey& key) : key_(key) {}

std::uint32_t RandomStream::next() {
  if (used_ == 4) {
    const r123::Philox4x32::ctr_type counter{
        {next_block_++, key_.index, key_.epoch, static_cast<std::uint32_t>(key_.purpose)}};
    const r123::Philox4x32::key_type key{
        {static_cast<std::uint32_t>(key_.seed), static_cast<std::uint32_t>(key_.seed >> 32)}};
    const auto drawn = r123::Philox4x32{}(counter, key);
    block_ = {drawn[0], drawn[1], drawn[2], drawn[3]};
    used_ = 0;
  }
  return block_[used_++];
}

// Lemire's multiply-and-reject: exact, and the rejection is almost never taken.
std::uint32_t RandomStream::below(std::uint32_t bound) {
  std::uint64_t product = std::uint64_t{next()} * bound;
  if (static_cast<std::uint32_t>(product) < bound) {
    const std::uint32_t threshold = -bound % bound;
    while (static_cast<std::uint32_t>(product) < threshold) {
      product = std::uint64_t{next()} * bound;
    }
  }
  return static_cast<std::uint32_t>(product >> 32);
}

float RandomStream::uniform() {
  return static_cast<float>(next() >> 8) * 0x1p-24f;
}

std::vector<std::uint32_t> random_permutation(std::uint32_t size, const RandomKey& key) {
  std::vector<std::uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0u);
  RandomStream draws(key);
  for (std::uint32_t last = size; last > 1; --last) {
    std::swap(order[last - 1], order[draws.below(last)]);
  }
  return order;
}

}  // namespace edgeprune::core
