#include "edgeprune/kernels/target.h"

// foreach_target includes this file again, once per target: it must come before any other Highway.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "target.cc"
#include <hwy/foreach_target.h>
#include "vectors-inl.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace edgeprune::kernels::HWY_NAMESPACE {
namespace {

int num_lanes() {
  return static_cast<int>(lanes());
}
const char* name() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace
}  // namespace edgeprune::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "edgeprune/core/error.h"

#include <fmt/format.h>

namespace edgeprune::kernels {

HWY_EXPORT(num_lanes);
HWY_EXPORT(name);

std::string simd_target() {
  return HWY_DYNAMIC_DISPATCH(name)();
}
int simd_lanes() {
  return HWY_DYNAMIC_DISPATCH(num_lanes)();
}

std::vector<std::string> available_simd_targets() {
  std::vector<std::string> names;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.emplace_back(hwy::TargetName(target));
  }
  return names;
}

ForcedSimdTarget::ForcedSimdTarget(const std::string& wanted) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (hwy::TargetName(target) == wanted) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      return;
    }
  }
  throw core::Error(core::ErrorKind::config,
                    fmt::format("the SIMD target {} is not available on this machine", wanted));
}

ForcedSimdTarget::~ForcedSimdTarget() {
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace edgeprune::kernels
#endif
