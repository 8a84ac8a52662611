// That TOML is parsed in this module alone, behind its guards.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace edgeprune::toml_input {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

bool is_source(const fs::path& path) {
  return path.extension() == ".cc" || path.extension() == ".h" ||
         path.filename() == "CMakeLists.txt";
}

TEST(OneDoor, NothingElseKnowsTheParser) {
  const fs::path root = EDGEPRUNE_SOURCE_DIR;
  std::size_t num_inside = 0;
  for (const char* folder : {"include", "src", "apps", "benchmarks", "tests"}) {
    for (const auto& file : fs::recursive_directory_iterator(root / folder)) {
      if (!file.is_regular_file() || !is_source(file.path())) continue;
      if (file.path().filename() == "one_door_test.cc") continue;
      // It tests that the parser is not even looked for.
      if (file.path().parent_path() == root / "tests/install/subproject") continue;
      const std::string content = content_of(file.path());
      const bool knows = content.find("toml++/") != std::string::npos ||
                         content.find("toml::") != std::string::npos ||
                         content.find("PkgConfig::tomlplusplus") != std::string::npos;
      const bool is_inside = file.path().parent_path() == root / "src/toml_input";
      EXPECT_TRUE(!knows || is_inside) << file.path();
      num_inside += knows && is_inside ? 1 : 0;
    }
  }
  EXPECT_EQ(num_inside, 3u);  // document.cc, value.cc and the module's CMakeLists.txt
}

}  // namespace
}  // namespace edgeprune::toml_input
