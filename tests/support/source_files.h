#pragma once
// The project's own files, for tests that say what may stand where.

#include <filesystem>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <sstream>
#include <string>

namespace edgeprune::testing {

/// Calls visit(path, content) for every regular file below these folders of the project.
inline void for_source_files(std::initializer_list<const char*> folders,
                             const std::function<void(const std::filesystem::path& path,
                                                      const std::string& content)>& visit) {
  namespace fs = std::filesystem;
  for (const char* folder : folders) {
    for (const auto& file :
         fs::recursive_directory_iterator(fs::path(EDGEPRUNE_SOURCE_DIR) / folder)) {
      if (!file.is_regular_file()) continue;
      std::ostringstream content;
      content << std::ifstream(file.path()).rdbuf();
      visit(file.path(), content.str());
    }
  }
}

}  // namespace edgeprune::testing
