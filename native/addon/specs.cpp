#include "specs.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "merganser/bpe/saved_tables.hpp"
#include "merganser/text/character_kinds.hpp"
#include "read_ahead.hpp"
#include "shared_objects.hpp"

namespace merganser::addon {
namespace {

template <typename Enum, size_t N>
Enum choice(const std::string& name, const char* const (&names)[N]) {
  return static_cast<Enum>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
}

bpe::SplitBehavior behavior_of(const std::string& name) {
  return choice<bpe::SplitBehavior>(name, {"removed", "isolated", "mergedWithPrevious", "mergedWithNext", "contiguous"});
}

}  // namespace

std::shared_ptr<const text::Scanner> read_scanner(Reader& owner, Reader& encoder, const bpe::SavedTables* saved) {
  if (!owner.has("scanner")) return nullptr;
  Reader reader = owner.child("scanner");
  static constexpr const char* kFamilies[] = {"gpt2", "cl100k", "o200k", "deepseekV3"};
  const std::string family = reader.text("family");
  text::ScannerSpec spec;
  spec.family = choice<text::Family>(family, kFamilies);
  spec.max_digits = static_cast<uint32_t>(reader.number("maxDigits"));
  spec.contractions = reader.boolean("contractions");
  spec.trailing_space = reader.boolean("trailingSpace");
  owner.include(reader);
  if (std::find(std::begin(kFamilies), std::end(kFamilies), family) == std::end(kFamilies)) return nullptr;
  if (saved) {
    saved->scanner(spec);
  } else {
    Reader kinds = encoder.child("scannerKinds");
    text::CharacterKinds table = text::character_kinds(kinds.array<uint8_t>("runs"), kinds.array<uint8_t>("kinds"));
    spec.pages = std::move(table.pages);
    spec.kinds = std::move(table.kinds);
  }
  return std::make_shared<const text::Scanner>(std::move(spec));
}

namespace {

// The pattern is compiled when it is read, so it is not where a scanner replaces it.
bpe::SplitStep read_step(Reader& reader, Reader& encoder, const bpe::SavedTables* saved, bool last) {
  bpe::SplitStep step;
  step.over_alphabet = reader.boolean("overAlphabet");
  if (reader.text("kind") == "fixedLength") {
    step.fixed_length = static_cast<uint32_t>(reader.number("length"));
    return step;
  }
  step.behavior = behavior_of(reader.text("behavior"));
  step.invert = reader.boolean("invert");
  if (last && step.matches_are_pieces()) step.scanner = read_scanner(reader, encoder, saved);
  if (!step.scanner) {
    Reader pattern = reader.child("pattern");
    step.pattern = std::make_shared<const text::Pattern>(read_pattern(pattern));
    reader.include(pattern);
  }
  return step;
}

// The tables that came with a model, if any did.
std::optional<bpe::SavedTables> saved_tables(Reader& model) {
  if (model.has("checksum")) model.know_by("checksum");
  if (!model.has("tables")) return std::nullopt;
  const ByteSpan bytes = model.bytes("tables");
  return bpe::SavedTables(bytes.data, bytes.size);
}

std::shared_ptr<bpe::Model> saved_model(bpe::ModelSpec spec, const bpe::SavedTables& saved) {
  auto pairs = take_pairs_read_ahead(saved.bytes());
  auto index = take_index_read_ahead(saved.bytes());
  return saved.model(std::move(spec), index ? std::move(*index) : saved.index(), pairs ? std::move(*pairs) : saved.pairs());
}

std::shared_ptr<const bpe::Model> read_model(Reader& reader, const bpe::SavedTables* saved) {
  bpe::ModelSpec spec;
  spec.token_bytes = reader.array<uint8_t>("tokenBytes");
  spec.token_offsets = reader.array<uint32_t>("tokenOffsets");
  spec.has_merges = reader.has("merges");
  if (!saved) spec.merges = reader.array<uint32_t>("merges");
  spec.char_units = reader.text("unit") == "char";
  const std::vector<int32_t> byte_ids = reader.array<int32_t>("byteIds");
  std::copy_n(byte_ids.begin(), std::min<size_t>(byte_ids.size(), 256), spec.byte_ids.begin());
  spec.byte_fallback = reader.boolean("byteFallback");
  spec.unk_id = static_cast<int32_t>(reader.number("unkId"));
  spec.fuse_unk = reader.boolean("fuseUnk");
  spec.continuing_prefix = reader.array<uint8_t>("continuingPrefix");
  spec.end_of_word_suffix = reader.array<uint8_t>("endOfWordSuffix");
  spec.ignore_merges = reader.boolean("ignoreMerges");
  spec.has_removals = reader.has("removals");
  if (spec.has_removals) {
    Reader removals = reader.child("removals");
    spec.kept = static_cast<uint32_t>(removals.number("kept"));
    spec.removals = removals.array<uint32_t>("list");
    reader.include(removals);
  }
  auto model = std::static_pointer_cast<const bpe::Model>(find_or_make("model" + reader.fingerprint(), [&]() -> std::shared_ptr<void> {
    return saved ? saved_model(std::move(spec), *saved) : std::make_shared<bpe::Model>(std::move(spec));
  }));
  // Those that were not taken: the model is there already.
  if (saved) drop_tables_read_ahead(saved->bytes());
  return model;
}

}  // namespace

std::vector<bpe::SplitStep> read_steps(Reader& reader, const bpe::SavedTables* saved) {
  std::vector<bpe::SplitStep> steps;
  reader.each("steps", [&](Reader& item, bool last) { steps.push_back(read_step(item, reader, saved, last)); });
  return steps;
}

bpe::PrefixSpace read_prefix_space(Reader& reader) {
  return choice<bpe::PrefixSpace>(reader.text("prefixSpace"), {"never", "always", "unlessSpace", "firstUnlessSpace"});
}

text::PatternProgram read_pattern(Reader& reader) {
  text::PatternProgram program;
  program.class_count = static_cast<uint32_t>(reader.number("classCount"));
  program.class_pages = reader.array<uint16_t>("classPages");
  program.class_ids = reader.array<uint8_t>("classIds");
  program.code = reader.array<int32_t>("code");
  program.sets = reader.array<uint32_t>("sets");
  program.set_words = static_cast<uint32_t>(reader.number("setWords"));
  if (reader.has("automaton")) {
    Reader automaton = reader.child("automaton");
    program.starts = automaton.array<uint16_t>("starts");
    program.state_count = static_cast<uint32_t>(automaton.number("stateCount"));
    program.transitions = automaton.array<uint16_t>("transitions");
    if (automaton.has("except")) program.except = automaton.array<uint8_t>("except");
    reader.include(automaton);
  }
  return program;
}

std::shared_ptr<const bpe::Model> read_model(Reader& reader) {
  const auto saved = saved_tables(reader);
  return read_model(reader, saved ? &*saved : nullptr);
}

bpe::EncoderSpec read_encoder(Reader& reader) {
  bpe::EncoderSpec spec;
  Reader model = reader.child("model");
  const auto saved = saved_tables(model);
  const bpe::SavedTables* const tables = saved ? &*saved : nullptr;
  spec.model = read_model(model, tables);
  if (tables) spec.cuts = tables->cuts();
  reader.include(model);
  reader.each("added", [&](Reader& item, bool) {
    bpe::AddedToken token;
    token.content = item.array<uint8_t>("content");
    token.id = static_cast<uint32_t>(item.number("id"));
    token.special = item.boolean("special");
    token.single_word = item.boolean("singleWord");
    token.lstrip = item.boolean("lstrip");
    token.rstrip = item.boolean("rstrip");
    spec.added.push_back(std::move(token));
  });
  spec.nfc = reader.boolean("nfc");
  spec.space_alias = reader.boolean("spaceAlias");
  spec.prefix_space = read_prefix_space(reader);
  spec.scanner = read_scanner(reader, reader, tables);
  if (!spec.scanner) spec.steps = read_steps(reader, tables);
  spec.cache_bytes = static_cast<size_t>(reader.number("cacheBytes"));
  if (reader.has("supermerges")) spec.supermerges = std::make_shared<const bpe::Supermerges>(reader.array<uint32_t>("supermerges"));
  return spec;
}

}  // namespace merganser::addon
