#pragma once
// The files of an image folder: which are images of a class, and what else lies there.

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace edgeprune::data {

[[nodiscard]] std::string lower_case(std::string text);

/// JPEG and PNG files, which are read, and other types that people keep pictures in, by the
/// extension.
[[nodiscard]] bool is_picture(const std::filesystem::path& file);

/// Names in byte order, but for those that belong to other tools: hidden ones, and what archives
/// and disk stations leave. A folder that cannot be listed is an Error of kind io.
[[nodiscard]] std::set<std::string> folder_entries(const std::filesystem::path& folder,
                                                   bool directories);

/// Files that are not read, by type.
class LeftOut {
 public:
  void add(const std::filesystem::path& file);
  void add(const LeftOut& others);

  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] bool has_pictures() const;
  /// "36 of other types: 24 .webp, 12 .txt"
  [[nodiscard]] std::string text() const;

 private:
  std::map<std::string, std::size_t> by_type_;
};

/// What lies in a class's folder and in the folders below it.
struct ClassFiles {
  std::vector<std::filesystem::path> images;  // .jpg, .jpeg and .png, in torchvision's order
  std::size_t num_nested = 0;                 // of those, in folders below the class's
  LeftOut left_out;
};
/// Links to folders are followed; one that leads back to where it came from is an Error of kind
/// data.
[[nodiscard]] ClassFiles files_of_class(const std::filesystem::path& folder);

}  // namespace edgeprune::data
