// That JSON is parsed in one file and written by one, behind the limits of the one and the escapes
// of the other.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace edgeprune::core {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

std::size_t count(const std::string& content, const std::regex& what) {
  return static_cast<std::size_t>(std::distance(
      std::sregex_iterator(content.begin(), content.end(), what), std::sregex_iterator()));
}

// `only`: the files that may hold it.
std::size_t expect_only_in(const std::regex& what, const std::vector<std::string>& only) {
  const fs::path root = EDGEPRUNE_SOURCE_DIR;
  std::size_t found = 0;
  for (const char* folder : {"include", "src", "apps", "examples", "benchmarks"}) {
    for (const auto& file : fs::recursive_directory_iterator(root / folder)) {
      const fs::path extension = file.path().extension();
      if (extension != ".cc" && extension != ".h") continue;
      const std::size_t times = count(content_of(file.path()), what);
      const std::string name = fs::relative(file.path(), root).string();
      const bool may = std::find(only.begin(), only.end(), name) != only.end();
      EXPECT_TRUE(times == 0 || may) << name;
      found += times;
    }
  }
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
