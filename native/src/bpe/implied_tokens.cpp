#include "merganser/bpe/implied_tokens.hpp"

#include <algorithm>
#include <cstring>

namespace merganser::bpe {
namespace {

constexpr uint8_t kNewline = '\n';

bool is_run(const uint8_t* bytes, size_t size) {
  return size > 0 && std::all_of(bytes, bytes + size, [](uint8_t byte) { return byte == kNewline; });
}

// Whether no token of the model joins a newline to something else.
bool stays_apart(const ModelSpec& spec) {
  const uint8_t *const begin = spec.token_bytes.data(), *const end = begin + spec.token_bytes.size();
  for (const uint8_t* at = begin; (at = std::find(at, end, kNewline)) != end;) {
    const auto behind = std::upper_bound(spec.token_offsets.begin(), spec.token_offsets.end(), static_cast<uint32_t>(at - begin));
    const uint8_t *const token = begin + behind[-1], *const token_end = begin + *behind;
    if (!is_run(token, static_cast<size_t>(token_end - token))) return false;
    at = token_end;
  }
  return true;
}

// Whether the model alone makes this token of its text.
bool is_made(const Model& model, const AddedToken& token, MergeScratch& scratch) {
  std::vector<uint32_t> ids;
  model.encode(token.content.data(), token.content.size(), ids, scratch);
  return ids.size() == 1 && ids[0] == token.id;
}

// The tokens that are runs, by length; none unless there is one of each length, all as plain as can be, and no other has a newline in it.
std::vector<uint32_t> runs(const std::vector<AddedToken>& tokens) {
  std::vector<uint32_t> found;
  for (uint32_t number = 0; number < tokens.size(); ++number) {
    const AddedToken& token = tokens[number];
    if (token.single_word || token.lstrip || token.rstrip) return {};
    if (std::find(token.content.begin(), token.content.end(), kNewline) == token.content.end()) continue;
    if (token.special || !is_run(token.content.data(), token.content.size())) return {};
    const size_t length = token.content.size();
    if (length > tokens.size()) return {};
    found.resize(std::max(found.size(), length), kNone);
    if (found[length - 1] != kNone) return {};
    found[length - 1] = number;
  }
  if (std::find(found.begin(), found.end(), kNone) != found.end()) return {};
  return found;
}

}  // namespace

std::unique_ptr<const ImpliedTokens> ImpliedTokens::find(const EncoderSpec& spec, const std::vector<uint32_t>& word_ranges) {
  if (spec.scanner || !spec.steps.empty() || spec.supermerges || !spec.model->complete()) return nullptr;
  std::vector<uint32_t> implied = runs(spec.added);
  if (implied.empty() || !stays_apart(spec.model->spec())) return nullptr;
  MergeScratch scratch;
  const auto made = [&](uint32_t number) { return is_made(*spec.model, spec.added[number], scratch); };
  if (!std::all_of(implied.begin(), implied.end(), made)) return nullptr;
  std::vector<AddedToken> others = spec.added;
  for (const uint32_t number : implied) others[number].content.clear();
  return std::unique_ptr<const ImpliedTokens>(new ImpliedTokens(std::move(implied), others, word_ranges));
}

bool ImpliedTokens::apply(const uint8_t* text, size_t size, const uint8_t* actions) const {
  if (actions && std::any_of(implied_.begin(), implied_.end(), [&](uint32_t number) { return actions[number] != AddedTokens::kToken; })) return false;
  // A run that is too long has a newline at every so many places, wherever it begins.
  const size_t longest = implied_.size();
  for (size_t at = longest; at < size; at += longest + 1) {
    if (text[at] != kNewline) continue;
    size_t begin = at, end = at;
    while (begin > 0 && text[begin - 1] == kNewline) --begin;
    while (end < size && text[end] == kNewline) ++end;
    if (end - begin > longest) return false;
  }
  return true;
}

}  // namespace merganser::bpe
