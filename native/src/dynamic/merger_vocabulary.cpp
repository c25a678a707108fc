#include "merganser/dynamic/merger_vocabulary.hpp"

namespace merganser::dynamic {
namespace {

constexpr size_t kMostVerdicts = size_t{1} << 20;  // before all are forgotten

}  // namespace

std::string MergerVocabulary::key(std::string text, size_t split) const {
  if (spec_.split_matters) text.append(reinterpret_cast<const char*>(&split), sizeof split);
  return text;
}

std::optional<bool> MergerVocabulary::verdict(std::string text, size_t split) const {
  const std::string wanted = key(std::move(text), split);
  const std::lock_guard lock(mutex_);
  const auto found = verdicts_.find(wanted);
  return found == verdicts_.end() ? std::nullopt : std::optional(found->second);
}

void MergerVocabulary::remember(std::string text, size_t split, bool allowed) {
  std::string wanted = key(std::move(text), split);
  const std::lock_guard lock(mutex_);
  if (verdicts_.size() >= kMostVerdicts) verdicts_.clear();
  verdicts_.insert_or_assign(std::move(wanted), allowed);
}

}  // namespace merganser::dynamic
