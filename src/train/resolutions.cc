#include "edgeprune/train/resolutions.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace edgeprune::train {

std::string check_resolutions(std::span<const Resolution> resolutions) {
  if (resolutions.empty()) return {};
  constexpr double kRounding = 1e-6;
  double before = 0;
  double work = 0;
  for (const Resolution& stage : resolutions) {
    if (!(stage.size > before) || stage.size > 1) {
      return "a list of [size, share of the work] whose sizes rise and lie in (0, 1]";
    }
    if (!(stage.work > 0)) return "a list of [size, share of the work] with shares above 0";
    before = stage.size;
    work += stage.work;
  }
  if (before != 1) return "a list of [size, share of the work] that ends at size 1";
  if (std::abs(work - 1) > kRounding) {
    return "a list of [size, share of the work] whose shares of the work add up to 1";
  }
  return {};
}

core::SampleShape shape_at(const core::SampleShape& full, double size) {
  const auto scaled = [size](std::uint32_t extent) {
    return std::max(static_cast<std::uint32_t>(std::lround(extent * size)), 1u);
  };
  return {scaled(full.height), scaled(full.width), full.channels};
}

}  // namespace edgeprune::train
