// That JSON is parsed in one file and written by one, behind the limits of the one and the escapes
// of the other.

#include "support/source_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace edgeprune::core {
namespace {

namespace fs = std::filesystem;

std::size_t count(const std::string& content, const std::regex& what) {
  return static_cast<std::size_t>(std::distance(
      std::sregex_iterator(content.begin(), content.end(), what), std::sregex_iterator()));
}

// `only`: the files that may hold it.
std::size_t expect_only_in(const std::regex& what, const std::vector<std::string>& only) {
  std::size_t found = 0;
  testing::for_source_files(
      {"include", "src", "apps", "examples", "benchmarks"},
      [&](const fs::path& path, const std::string& content) {
        if (path.extension() != ".cc" && path.extension() != ".h") return;
        const std::size_t times = count(content, what);
        const std::string name = fs::relative(path, EDGEPRUNE_SOURCE_DIR).string();
        const bool may = std::find(only.begin(), only.end(), name) != only.end();
        EXPECT_TRUE(times == 0 || may) << name;
        found += times;
      });
  return found;
}

TEST(OneJsonDoor, NothingElseParses) {
  const std::regex parser(
      R"(([Jj]son|JSON)\w*::(sax_parse|parse|accept|from_\w+)\s*\(|>> *json\b)");
  const std::size_t found =
      expect_only_in(parser, {"include/edgeprune/core/json_input.h", "src/core/json_input.cc"});
  EXPECT_EQ(found, 2u);
}

TEST(OneJsonDoor, NothingElseWrites) {
  const std::regex writer(R"((\.|->)dump\s*\(|<< *json\b)");
  EXPECT_EQ(expect_only_in(writer, {"include/edgeprune/core/json_text.h"}), 1u);
}

}  // namespace
}  // namespace edgeprune::core
