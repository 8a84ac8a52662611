#include "sysfs.h"

#include "edgeprune/core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace edgeprune::energy {
namespace {

FileText read_descriptor(int descriptor, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) return {{}, why_unreadable(path, errno)};
  if (S_ISDIR(status.st_mode)) return {{}, why_unreadable(path, EISDIR)};
  if (!S_ISREG(status.st_mode)) {
    return {{}, fmt::format("{}: a pipe or a device where a file is wanted", path.string())};
  }
  std::string text(4096, '\0');
  const ssize_t size = ::read(descriptor, text.data(), text.size());
  if (size < 0) return {{}, why_unreadable(path, errno)};
  text.resize(static_cast<std::size_t>(size));
  return {std::move(text), ""};
}

std::string first_line(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return "";
  text.remove_prefix(begin);
  text = text.substr(0, text.find('\n'));
  return std::string(text.substr(0, text.find_last_not_of(kSpace) + 1));
}

}  // namespace

Reading unreadable(std::string why_not) {
  return {std::nullopt, std::move(why_not)};
}

std::string why_unreadable(const std::filesystem::path& path, int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return fmt::format("{}: root only; `sudo chmod o+r {}`, or run as root", path.string(),
                         path.string());
    case ENOENT:
    case ENOTDIR:
      return fmt::format("{}: not there; the kernel or its driver does not offer it",
                         path.string());
    default:
      return fmt::format("{}: cannot be read: {}", path.string(), std::strerror(error));
  }
}

FileText read_text(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {{}, why_unreadable(path, errno)};
  FileText text = read_descriptor(descriptor, path);
  ::close(descriptor);
  return text;
}

Reading read_number(const std::filesystem::path& path, double scale) {
  const FileText file = read_text(path);
  if (!file.text) return unreadable(file.why_not);
  const std::string line = first_line(*file.text);
  double number = 0;
  const auto [rest, code] = std::from_chars(line.data(), line.data() + line.size(), number);
  const bool is_whole = code == std::errc() && rest == line.data() + line.size();
  if (!is_whole || !std::isfinite(number)) {
    return unreadable(
        fmt::format("{}: holds \"{}\", no number", path.string(), core::printable(line)));
  }
  return {number * scale, ""};
}

Reading read_count(const std::filesystem::path& path, double scale) {
  const Reading reading = read_number(path, scale);
  if (!reading.value || *reading.value >= 0) return reading;
  return unreadable(
      fmt::format("{}: holds a negative number, which makes no sense here", path.string()));
}

std::string read_line(const std::filesystem::path& path) {
  return first_line(read_text(path).text.value_or(""));
}

std::vector<std::filesystem::path> entries_of(const std::filesystem::path& directory,
                                              std::string_view prefix) {
  std::vector<std::filesystem::path> entries;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(directory, code), end; !code && entry != end;
       entry.increment(code)) {
    if (entry->path().filename().string().starts_with(prefix)) entries.push_back(entry->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace edgeprune::energy
