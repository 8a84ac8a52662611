#include "edgeprune/core/error.h"
#include "edgeprune/core/printable.h"
#include "edgeprune/core/version.h"

#include "advice.h"
#include "commands.h"
#include "output.h"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <new>
#include <string>

namespace {

using edgeprune::cli::say;
using edgeprune::core::Error;
using edgeprune::core::ErrorKind;

constexpr const char* kFooter =
    "Exit codes: 0 done, 2 wrong command line, 3 wrong configuration, 4 unusable data, 5 the "
    "system\n"
    "refused (disk full, permissions), 6 the loss is not finite, 7 run directory, 8 the budget is\n"
    "too small, 9 stopped where it should pause, 130 stopped (8, 9 and 130 can be resumed), 1 a\n"
    "bug of ours. Documentation: docs/cli.md, docs/configuration.md.";

// One line on what is wrong with the command line and where the right one is told.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  for (const std::string& argument : app.remaining(true)) {
    if (argument.find('=') == std::string::npos || argument.front() == '-') continue;
    return fmt::format("{} was not expected; write --set before each section.key=value", argument);
  }
  const auto commands = app.get_subcommands();
  if (!commands.empty()) {
    return fmt::format("{}; see edgeprune {} --help", error.what(), commands.front()->get_name());
  }
  const auto unknown = app.remaining();
  return unknown.empty() ? "no command; see edgeprune --help"
                         : fmt::format("{} is no command; see edgeprune --help", unknown.front());
}

int run(int argc, char** argv) {
  CLI::App app("edgeprune: train on a device with a share of its data, and account for the cost");
  app.set_version_flag("--version", std::string(edgeprune::core::version()));
  app.require_subcommand(1);
  app.footer(kFooter);
  edgeprune::cli::add_run(app);
  edgeprune::cli::add_score(app);
  edgeprune::cli::add_select(app);
  edgeprune::cli::add_train(app);
  edgeprune::cli::add_resume(app);
  edgeprune::cli::add_export(app);
  edgeprune::cli::add_compare(app);
  edgeprune::cli::add_plan(app);
  edgeprune::cli::add_calibrate(app);
  edgeprune::cli::add_config(app);
  edgeprune::cli::add_strategies(app);
  edgeprune::cli::add_inspect(app);
  edgeprune::cli::add_doctor(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and the version come this way too.
    if (error.get_exit_code() == 0) return app.exit(error);
    throw Error(ErrorKind::usage, usage_error(app, error));
  }
  return 0;
}

// A file opened in the place of a closed standard stream would take what is meant for that. What
// is written there still fails.
void keep_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (fcntl(descriptor, F_GETFD) < 0) (void)open("/dev/null", O_RDONLY);
  }
}

int fail(const std::string& message, ErrorKind kind) {
  say(fmt::format("edgeprune: {}\n",
                  edgeprune::core::printable(message, edgeprune::core::kNoLimit)));
  return edgeprune::core::exit_code(kind);
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_streams();
  // A reader that goes away (| head) must not kill a run: lost output is reported where it matters.
  std::signal(SIGPIPE, SIG_IGN);
  // A file that may not grow any more is an error like a full disk, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return run(argc, argv);
  } catch (const Error& error) {
    return fail(error.what() + edgeprune::cli::advice_for(error), error.kind());
  } catch (const std::bad_alloc&) {
    return fail("out of memory; lower train.batch_size or data.train_limit", ErrorKind::io);
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(fmt::format("{}: {}; check the path and its permissions", error.path1().string(),
                            error.code().message()),
                ErrorKind::io);
  } catch (const std::exception& error) {
    return fail(fmt::format("internal error: {}", error.what()), ErrorKind::internal);
  }
}
