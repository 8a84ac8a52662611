#include "random_share.h"

#include "edgeprune/select/ranking.h"

namespace edgeprune::select {

std::vector<std::uint32_t> random_share(std::span<const std::uint32_t> samples, std::uint32_t count,
                                        core::RandomStream& draws) {
  std::vector<float> drawn(samples.size());
  for (float& draw : drawn) draw = draws.uniform();
  std::vector<std::uint32_t> share = best_samples(drawn, count, Prefer::highest);
  for (std::uint32_t& place : share) place = samples[place];
  return share;
}

}  // namespace edgeprune::select
