#pragma once
// The files that a comparison writes beside its runs, and comparison-files.json, which names each
// of them with the hash of what was written: what a person has put or edited there is not replaced.

#include "edgeprune/core/directory.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace edgeprune::compare {

class OwnFiles {
 public:
  /// `directory` must be locked. What is there that no comparison wrote is an Error of kind
  /// run_directory.
  explicit OwnFiles(core::Directory directory);

  void write(const std::string& name, std::string_view content);

 private:
  using Hashes = std::map<std::string, std::vector<std::string>>;
  [[nodiscard]] bool wrote(const core::Directory::Entry& entry) const;
  void adopt();
  void read_record();
  void write_record() const;

  core::Directory directory_;
  bool has_record_ = false;
  // By file: two hashes while one content replaces the other.
  Hashes hashes_;
};

}  // namespace edgeprune::compare
