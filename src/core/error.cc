#include "edgeprune/core/error.h"

namespace edgeprune::core {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::internal:
      return 1;
    case ErrorKind::usage:
      return 2;
    case ErrorKind::config:
      return 3;
    case ErrorKind::data:
      return 4;
    case ErrorKind::io:
      return 5;
    case ErrorKind::numeric:
      return 6;
    case ErrorKind::run_directory:
      return 7;
    case ErrorKind::budget:
      return 8;
    case ErrorKind::paused:
      return 9;
    case ErrorKind::interrupted:
      return 130;
  }
  return 1;
}

Error Error::of(const std::string& whole) const {
  return {kind_, whole + ": " + what(), context_};
}

void reject_file(const std::string& name, const std::string& what) {
  throw Error(ErrorKind::data, name + ": " + what);
}

}  // namespace edgeprune::core
