#pragma once
// The batteries that feed this machine, as the kernel's power_supply class shows them
// (Documentation/ABI/testing/sysfs-class-power).

#include "sysfs.h"

#include <filesystem>
#include <vector>

namespace edgeprune::energy {

/// Folders of class/power_supply of type Battery, but for those of a mouse or a headset (`scope` is
/// Device).
[[nodiscard]] std::vector<std::filesystem::path> system_batteries(
    const std::filesystem::path& sysfs);

}  // namespace edgeprune::energy
