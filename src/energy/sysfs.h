#pragma once
// Small files of the kernel: a number or a word each.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::energy {

/// A value, or one line that says why there is none and what would help.
struct Reading {
  std::optional<double> value;
  std::string why_not;
};
[[nodiscard]] Reading unreadable(std::string why_not);

/// What errno says about a file, with the fix.
[[nodiscard]] std::string why_unreadable(const std::filesystem::path& path, int error);

struct FileText {
  std::optional<std::string> text;
  std::string why_not;
};
/// At most the first 4096 bytes of a regular file. Never waits for a writer.
[[nodiscard]] FileText read_text(const std::filesystem::path& path);

/// The decimal number that a file holds, times `scale`: to come from microjoules to joules.
[[nodiscard]] Reading read_number(const std::filesystem::path& path, double scale = 1);
/// The same, where a negative number makes no sense.
[[nodiscard]] Reading read_count(const std::filesystem::path& path, double scale);
/// A line without the space around it; empty where it cannot be read.
[[nodiscard]] std::string read_line(const std::filesystem::path& path);

/// What lies in a directory under a name that begins with `prefix`, in order of the names; nothing
/// where there is no such directory.
[[nodiscard]] std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory,
                                                            std::string_view prefix = "");

}  // namespace edgeprune::energy
