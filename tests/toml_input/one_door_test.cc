// That TOML is parsed in this module alone, behind its guards.

#include "support/source_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace edgeprune::toml_input {
namespace {

namespace fs = std::filesystem;

bool is_source(const fs::path& path) {
  return path.extension() == ".cc" || path.extension() == ".h" ||
         path.filename() == "CMakeLists.txt";
}

TEST(OneDoor, NothingElseKnowsTheParser) {
  const fs::path root = EDGEPRUNE_SOURCE_DIR;
  std::size_t num_inside = 0;
  testing::for_source_files({"include", "src", "apps", "benchmarks", "tests"},
                            [&](const fs::path& path, const std::string& content) {
                              if (!is_source(path) || path.filename() == "one_door_test.cc") return;
                              // It tests that the parser is not even looked for.
                              if (path.parent_path() == root / "tests/install/subproject") return;
                              const bool knows =
                                  content.find("toml++/") != std::string::npos ||
                                  content.find("toml::") != std::string::npos ||
                                  content.find("PkgConfig::tomlplusplus") != std::string::npos;
                              const bool is_inside = path.parent_path() == root / "src/toml_input";
                              EXPECT_TRUE(!knows || is_inside) << path;
                              num_inside += knows && is_inside ? 1 : 0;
                            });
  EXPECT_EQ(num_inside, 3u);  // document.cc, value.cc and the module's CMakeLists.txt
}

}  // namespace
}  // namespace edgeprune::toml_input
