#pragma once
// What a run says beside its progress: a warning with its number, a choice, a fallback taken. Code
// tells notices apart by their kind; the text is for people alone.

#include <string>

namespace edgeprune::run {

enum class NoticeKind {
  // Before the first step.
  data,           // the data are few for the batch size, or the like
  plan,           // a setting that works against its user
  head_left_out,  // model.init is for other classes; subject: its file
  fewer_kept,     // budget.bytes lowers the keep ratio
  precision,      // another one than the first choice
  memory,         // how a step keeps within it
  strategy,       // what `auto` chose; subject: its name
  recipe,         // what train.recipe `auto` chose
  control,        // a control begins or continues; subject: its strategy
  // Of a run that is resumed.
  corrupt_checkpoint,  // skipped
  restored_file,       // damaged or gone, written anew from the checkpoint; subject: its name
  engine_changed,      // from here on bits may differ from those of an uninterrupted run
  // Under way.
  unseen_samples,    // scored by a forward pass
  scores,            // that rank by chance, or rank wrong labels first
  vanished_classes,  // without a kept sample
  stored,            // the kept samples, re-encoded
  budget_file,       // cannot be used; the budget before stays in force
  command,           // is about to be run; subject: the command
  meter,             // has said what makes no sense
  paused,            // subject: the reason
  resumed,
};

struct Notice {
  NoticeKind kind = NoticeKind::data;
  std::string text;  // one line
  std::string subject = {};
};

}  // namespace edgeprune::run
