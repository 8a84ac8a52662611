#include "class_files.h"

#include "edgeprune/core/error.h"
#include "edgeprune/core/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>
#include <utility>

namespace edgeprune::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kReadTypes = {".jpg", ".jpeg", ".png"};
constexpr std::array<std::string_view, 12> kOtherPictures = {".webp", ".bmp",  ".gif",  ".tif",
                                                             ".tiff", ".heic", ".heif", ".avif",
                                                             ".jxl",  ".jp2",  ".ppm",  ".pgm"};

// ".jpeg" of "a/b.JPEG".
std::string type_of(const fs::path& file) {
  return lower_case(file.extension().string());
}

template <std::size_t kCount>
bool is_one_of(const std::array<std::string_view, kCount>& types, const std::string& type) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

bool is_of_others(const std::string& name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "@eaDir";
}

// The folder and all below it, by their paths in byte order, as torchvision's ImageFolder has them.
std::set<std::string> folders_below(const fs::path& folder) {
  constexpr int kDeepest = 32;
  std::set<std::string> all;
  const auto visit = [&](const auto& self, const fs::path& at, int depth) -> void {
    if (depth > kDeepest) {
      core::reject_file(
          at.string(),
          "lies too deep, or a link leads back to where it came from; remove the link");
    }
    all.insert(at.string());
    for (const std::string& name : folder_entries(at, true)) self(self, at / name, depth + 1);
  };
  visit(visit, folder, 0);
  return all;
}

}  // namespace

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_picture(const fs::path& file) {
  const std::string type = type_of(file);
  return is_one_of(kReadTypes, type) || is_one_of(kOtherPictures, type);
}

std::set<std::string> folder_entries(const fs::path& folder, bool directories) {
  std::error_code code;
  std::set<std::string> names;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end;
       entry.increment(code)) {
    std::string name = entry->path().filename().string();
    std::error_code broken_link;
    if (entry->is_directory(broken_link) == directories && !is_of_others(name)) {
      names.insert(std::move(name));
    }
  }
  if (code) {
    throw core::Error(core::ErrorKind::io, fmt::format("{}: cannot be listed: {}; check the path",
                                                       folder.string(), code.message()));
  }
  return names;
}

void LeftOut::add(const fs::path& file) {
  ++by_type_[type_of(file)];
}

void LeftOut::add(const LeftOut& others) {
  for (const auto& [type, count] : others.by_type_) by_type_[type] += count;
}

std::size_t LeftOut::count() const {
  std::size_t count = 0;
  for (const auto& [type, of_type] : by_type_) count += of_type;
  return count;
}

bool LeftOut::has_pictures() const {
  return std::any_of(by_type_.begin(), by_type_.end(),
                     [](const auto& type) { return is_one_of(kOtherPictures, type.first); });
}

std::string LeftOut::text() const {
  std::string text;
  for (const auto& [type, of_type] : by_type_) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", of_type,
                        type.empty() ? "without an extension" : core::printable(type));
  }
  return fmt::format("{} of other types: {}", count(), text);
}

ClassFiles files_of_class(const fs::path& folder) {
  ClassFiles files;
  for (const std::string& at : folders_below(folder)) {
    for (const std::string& name : folder_entries(at, false)) {
      if (!is_one_of(kReadTypes, type_of(name))) {
        files.left_out.add(name);
        continue;
      }
      files.images.push_back(fs::path(at) / name);
      if (at != folder.string()) ++files.num_nested;
    }
  }
  return files;
}

}  // namespace edgeprune::data
