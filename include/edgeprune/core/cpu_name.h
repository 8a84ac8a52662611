#pragma once
// What a machine calls itself, so that what was measured on one is not taken for another's.

#include <filesystem>
#include <string>

namespace edgeprune::core {

/// The processor's name, as x86's Linux tells it (`model name` in cpuinfo); where it has none, as
/// on Arm, the board's (device-tree/model), such as "Raspberry Pi 5 Model B Rev 1.0"; else "unknown
/// CPU". Printable, on one line. `proc` is another root in tests.
[[nodiscard]] std::string cpu_name(const std::filesystem::path& proc = "/proc");

}  // namespace edgeprune::core
