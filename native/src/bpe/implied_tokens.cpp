#include "merganser/bpe/implied_tokens.hpp"

#include <algorithm>
#include <cstring>

namespace merganser::bpe {
namespace {

bool is_run(uint8_t character, const uint8_t* bytes, size_t size) {
  return size > 0 && std::all_of(bytes, bytes + size, [&](uint8_t byte) { return byte == character; });
}

// Whether no token of the model joins the character to something else.
bool stays_apart(uint8_t character, const ModelSpec& spec) {
  const uint8_t *const begin = spec.token_bytes.data(), *const end = begin + spec.token_bytes.size();
  for (const uint8_t* at = begin; (at = std::find(at, end, character)) != end;) {
    const auto behind = std::upper_bound(spec.token_offsets.begin(), spec.token_offsets.end(), static_cast<uint32_t>(at - begin));
    const uint8_t *const token = begin + behind[-1], *const token_end = begin + *behind;
    if (!is_run(character, token, static_cast<size_t>(token_end - token))) return false;
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

// The tokens that are runs of a character, by length; none unless there is one of each length, none of them special, and no other has the character in it.
std::vector<uint32_t> runs(uint8_t character, const std::vector<AddedToken>& tokens) {
  std::vector<uint32_t> found;
  for (uint32_t number = 0; number < tokens.size(); ++number) {
    const AddedToken& token = tokens[number];
    if (std::find(token.content.begin(), token.content.end(), character) == token.content.end()) continue;
    if (token.special || !is_run(character, token.content.data(), token.content.size())) return {};
    const size_t length = token.content.size();
    if (length > tokens.size()) return {};
    found.resize(std::max(found.size(), length), kNone);
    if (found[length - 1] != kNone) return {};
    found[length - 1] = number;
  }
  if (std::find(found.begin(), found.end(), kNone) != found.end()) return {};
  return found;
}

// Whether a token takes what stands beside it, or depends on that.
bool looks_around(const AddedToken& token) { return token.single_word || token.lstrip || token.rstrip; }

}  // namespace

std::unique_ptr<const ImpliedTokens> ImpliedTokens::find(const EncoderSpec& spec, const std::vector<uint32_t>& word_ranges) {
  if (spec.scanner || !spec.steps.empty() || spec.supermerges || !spec.model->complete()) return nullptr;
  // A whole piece that is a token is one then, but not as a part of another.
  if (spec.model->spec().ignore_merges) return nullptr;
  if (std::any_of(spec.added.begin(), spec.added.end(), looks_around)) return nullptr;
  MergeScratch scratch;
  const auto made = [&](uint32_t number) { return is_made(*spec.model, spec.added[number], scratch); };
  std::vector<Runs> implied;
  for (const AddedToken& token : spec.added) {
    if (token.content.size() != 1) continue;
    std::vector<uint32_t> by_length = runs(token.content[0], spec.added);
    if (by_length.empty() || !stays_apart(token.content[0], spec.model->spec()) || !std::all_of(by_length.begin(), by_length.end(), made)) continue;
    implied.push_back({token.content[0], std::move(by_length)});
  }
  if (implied.empty()) return nullptr;
  std::vector<AddedToken> others = spec.added;
  for (const Runs& run : implied) {
    for (const uint32_t number : run.by_length) others[number].content.clear();
  }
  return std::unique_ptr<const ImpliedTokens>(new ImpliedTokens(std::move(implied), others, word_ranges));
}

bool ImpliedTokens::apply(const uint8_t* text, size_t size, const uint8_t* actions) const {
  return std::all_of(implied_.begin(), implied_.end(), [&](const Runs& runs) { return runs.apply(text, size, actions); });
}

bool ImpliedTokens::Runs::apply(const uint8_t* text, size_t size, const uint8_t* actions) const {
  if (actions && std::any_of(by_length.begin(), by_length.end(), [&](uint32_t number) { return actions[number] != AddedTokens::kToken; })) return false;
  // A run that is too long has the character at every so many places, wherever it begins.
  const size_t longest = by_length.size();
  for (size_t at = longest; at < size; at += longest + 1) {
    if (text[at] != character) continue;
    size_t begin = at, end = at;
    while (begin > 0 && text[begin - 1] == character) --begin;
    while (end < size && text[end] == character) ++end;
    if (end - begin > longest) return false;
  }
  return true;
}

}  // namespace merganser::bpe
