#pragma once
// The subcommands, one file each. `add_NAME` describes the command to the parser and says what it
// does when chosen; the work is the library's.

#include <CLI/CLI.hpp>

namespace edgeprune::cli {

void add_run(CLI::App& app);
void add_score(CLI::App& app);
void add_select(CLI::App& app);
void add_train(CLI::App& app);
void add_resume(CLI::App& app);
void add_export(CLI::App& app);
void add_compare(CLI::App& app);
void add_config(CLI::App& app);
void add_strategies(CLI::App& app);
void add_inspect(CLI::App& app);
void add_doctor(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_plan(CLI::App& app);

}  // namespace edgeprune::cli
