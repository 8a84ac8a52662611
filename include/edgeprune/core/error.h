#pragma once
// The one exception type of edgeprune.
//
// A message is a single line that names the thing at fault (file, field, place) and the fix:
//   throw Error(ErrorKind::config, "train.toml:12: prune.keep_ratio is 1.4; it must be in (0, 1]");
// The kind decides the exit code of the command line (docs/cli.md lists them).

#include <stdexcept>
#include <string>
#include <string_view>

namespace edgeprune::core {

enum class ErrorKind {
  internal,       // a broken promise of ours
  usage,          // a wrong command line
  config,         // a wrong configuration field
  data,           // a data set, index or model file that cannot be used
  io,             // the system refused: missing, unreadable, disk full
  numeric,        // a loss that is not finite
  run_directory,  // a run directory that exists, is not ours, or cannot be resumed
  budget,         // a budget that is too small for what remains; the run can be resumed
  paused,         // stopped where it should wait (pause.stops); the run can be resumed
  interrupted,    // stopped on request; the run can be resumed
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

/// The exit code of a process that ends with an error of this kind.
[[nodiscard]] int exit_code(ErrorKind kind);

/// Throws an Error of kind data: "NAME: WHAT", where what is wrong and how to mend it.
[[noreturn]] void reject_file(const std::string& name, const std::string& what);

/// Text out of a file or from a user, fit for a one-line message: what is not printable ASCII
/// becomes '?', and what is long is cut.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace edgeprune::core
