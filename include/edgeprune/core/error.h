#pragma once
// The one exception type of edgeprune.
//
// A message is a single line that names the thing at fault (file, field, place) and the fix:
//   throw Error(ErrorKind::config, "train.toml:12: prune.keep_ratio is 1.4; it must be in (0, 1]");
// The kind decides the exit code of the command line (docs/cli.md lists them).

#include "edgeprune/core/printable.h"

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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

/// What can be done about an error, where code must know it and the kind does not say. The message
/// says what is wrong in terms of fields and files; whoever shows it adds how to mend that in terms
/// of its own, as the command line does (apps/edgeprune/advice.h).
enum class ErrorReason {
  none,
  run_resumable,               // resume the run; `setting`: what must be set first
  comparison_resumable,        // carry the same comparison out again
  run_exists,                  // resume or replace the run, or choose another directory
  run_directory_needed,        // name a directory
  run_directory_taken,         // choose another directory: this one holds what no run wrote
  run_unusable,                // begin the run again
  new_run_needed,              // begin another run; `setting`: what must be set in it
  comparison_directory_taken,  // choose another directory
  profile_of_another,          // choose another file: this profile is another machine's
  strategy_unfit,              // choose another strategy
  meter_missing,               // see which meters there are
  device_unmeasured,           // calibrate
  command_refused,             // allow commands, or name another meter
  score_column_not_named,      // name one of the columns
  score_column_unknown,        // name no column: the file has one without a name
};

struct ErrorContext {
  ErrorReason reason = ErrorReason::none;
  std::string subject = {};  // the directory or file that the reason is about
  std::string setting = {};  // "budget.seconds=12"
};

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, ErrorContext context = {})
      : std::runtime_error(message), kind_(kind), context_(std::move(context)) {}
  [[nodiscard]] ErrorKind kind() const { return kind_; }
  [[nodiscard]] ErrorReason reason() const { return context_.reason; }
  [[nodiscard]] const ErrorContext& context() const { return context_; }

  /// The same error, said of `whole`, a part of which it is about: "WHOLE: MESSAGE".
  [[nodiscard]] Error of(const std::string& whole) const;

 private:
  ErrorKind kind_;
  ErrorContext context_;
};

/// The exit code of a process that ends with an error of this kind.
[[nodiscard]] int exit_code(ErrorKind kind);

/// Throws an Error of kind data: "NAME: WHAT", where what is wrong and how to mend it.
[[noreturn]] void reject_file(const std::string& name, const std::string& what);

}  // namespace edgeprune::core
