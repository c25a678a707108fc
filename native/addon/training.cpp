// Counting words and training BPE. Whatever takes long is a job (see job.hpp): `jobError` tells how it ended, once the listener was called for the end.
#include <napi.h>

#include <algorithm>
#include <stdexcept>

#include "merganser/training/bpe_trainer.hpp"
#include "merganser/training/grown_tokens.hpp"
#include "merganser/training/word_counter.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "specs.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using training::BpeTrainingSpec;
using training::MergeLog;
using training::WordCounter;

// A counter with the results that wait to be copied into JavaScript's arrays.
struct Counter {
  explicit Counter(training::WordCounterSpec spec) : words(std::move(spec)) {}
  WordCounter words;
  training::SymbolCounts symbols;
  training::SortedWords sorted;
};

// Work whose progress is the number of new tokens.
class TrainingTask final : public Task {
 public:
  using Work = std::function<void(TrainingTask&)>;
  TrainingTask(Napi::Env env, const char* name, const Napi::Value& listener, const Napi::Object& keep_alive, Work work)
      : Task(env, name, listener, keep_alive), work_(std::move(work)) {}
  MergeLog merges;

 private:
  void work() override { work_(*this); }
  double progress() const override { return merges.count() - merges.removed(); }
  Work work_;
};

MergeLog& merges_of(const Napi::Value& handle) { return static_cast<TrainingTask&>(task_of(handle)).merges; }

// The last argument of `info` is the listener.
Napi::Value start(const Napi::CallbackInfo& info, const char* name, const Napi::Object& keep_alive, TrainingTask::Work work) {
  return start(info.Env(), std::make_shared<TrainingTask>(info.Env(), name, info[info.Length() - 1], keep_alive, std::move(work)));
}

// (spec with scannerKinds) => counter
Napi::Value create_word_counter(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  training::WordCounterSpec spec;
  spec.nfc = reader.boolean("nfc");
  spec.space_alias = reader.boolean("spaceAlias");
  spec.prefix_space = read_prefix_space(reader);
  spec.scanner = read_scanner(reader, reader, nullptr);
  if (!spec.scanner) spec.steps = read_steps(reader, nullptr);
  spec.cuts = {reader.boolean("lines"), reader.boolean("cutsWords")};
  if (reader.has("tokens")) {
    Reader tokens = reader.child("tokens");
    Reader model = tokens.child("model");
    spec.tokens.emplace(read_model(model), tokens.boolean("runs"), tokens.array<uint8_t>("eligible"));
  }
  return handle_on(info.Env(), std::make_shared<Counter>(std::move(spec)));
}

// (counter, text, offsets, listener) => job. The text has room behind it.
Napi::Value count_texts(const Napi::CallbackInfo& info) {
  const ByteSpan text = bytes_of(info[1]);
  const auto array = info[2].As<Napi::Uint32Array>();
  std::vector<uint32_t> offsets(array.Data(), array.Data() + array.ElementLength());
  if (offsets.back() + training::kPortionPadding > text.size) throw std::length_error("the text has no room behind it");
  return start(info, "merganser count words", info[1].As<Napi::Object>(),
               [counter = pointer_of<Counter>(info[0]), data = text.data, offsets = std::move(offsets)](TrainingTask&) {
                 counter->words.count(data, offsets.data(), offsets.size() - 1);
               });
}

// (counter, path, from, to, size, replace, listener) => job
Napi::Value count_file(const Napi::CallbackInfo& info) {
  const auto number = [&](size_t i) { return static_cast<uint64_t>(info[i].As<Napi::Number>().Int64Value()); };
  return start(info, "merganser count words", Napi::Object::New(info.Env()),
               [counter = pointer_of<Counter>(info[0]), path = info[1].As<Napi::String>().Utf8Value(), from = number(2), to = number(3), size = number(4),
                replace = info[5].As<Napi::Boolean>().Value()](TrainingTask&) {
                 if (!counter->words.count_file(path, from, to, size, replace)) throw std::runtime_error("malformed UTF-8");
               });
}

// (counter, bytes, offsets, counts): words that are ready
void add_words(const Napi::CallbackInfo& info) {
  WordCounter& words = shared_of<Counter>(info[0]).words;
  const ByteSpan bytes = bytes_of(info[1]);
  const auto offsets = info[2].As<Napi::Uint32Array>();
  const auto counts = info[3].As<Napi::Float64Array>();
  for (size_t i = 0; i < counts.ElementLength(); ++i) words.add(bytes.data + offsets[i], offsets[i + 1] - offsets[i], static_cast<uint64_t>(counts[i]));
}

// (counter) => bytes of its tables
Napi::Value word_counter_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<Counter>(info[0]).words.bytes()));
}

// (counter) => number of words counted
Napi::Value word_counter_total(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<Counter>(info[0]).words.total()));
}

// (counter) => number of different words; all threads' tables must have been joined by a job
Napi::Value distinct_words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<Counter>(info[0]).words.merged().size()));
}

training::SymbolKind symbol_kind(const std::string& unit, bool placed) {
  return {unit == "byte" ? training::Unit::byte : unit == "token" ? training::Unit::token : training::Unit::character, placed};
}

// (counter, unit, placed, listener) => job; then symbolCount and takeSymbols
Napi::Value count_symbols(const Napi::CallbackInfo& info) {
  const training::SymbolKind kind = symbol_kind(info[1].As<Napi::String>(), info[2].As<Napi::Boolean>());
  return start(info, "merganser count symbols", Napi::Object::New(info.Env()), [counter = pointer_of<Counter>(info[0]), kind](TrainingTask&) {
    counter->symbols = training::count_symbols(counter->words.merged(), kind);
  });
}

Napi::Value symbol_count(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<Counter>(info[0]).symbols.symbols.size()));
}

// (counter, symbols, counts)
void take_symbols(const Napi::CallbackInfo& info) {
  training::SymbolCounts& found = shared_of<Counter>(info[0]).symbols;
  std::copy(found.symbols.begin(), found.symbols.end(), info[1].As<Napi::Uint32Array>().Data());
  std::copy(found.counts.begin(), found.counts.end(), info[2].As<Napi::Float64Array>().Data());
  found = {};
}

// (counter, listener) => job; then takeSortedWords until nothing is left
Napi::Value sort_words(const Napi::CallbackInfo& info) {
  return start(info, "merganser sort words", Napi::Object::New(info.Env()),
               [counter = pointer_of<Counter>(info[0])](TrainingTask&) { counter->sorted = counter->words.sorted(); });
}

// (counter, out, most, results): results are words, bytes and the sum of the counts. The counter is empty at the end.
void take_sorted_words(const Napi::CallbackInfo& info) {
  Counter& counter = shared_of<Counter>(info[0]);
  auto out = info[1].As<Napi::Uint8Array>();
  auto results = info[3].As<Napi::Float64Array>();
  const training::SortedWords::Written written = counter.sorted.write(out.Data(), out.ElementLength(), info[2].As<Napi::Number>().Uint32Value());
  results[0] = written.words;
  results[1] = static_cast<double>(written.bytes);
  results[2] = static_cast<double>(written.total);
  if (written.words > 0 || written.bytes > 0) return;
  counter.sorted = {};
  counter.words.clear();
}

// (counter, bytes, words) => boolean
Napi::Value add_written_words(const Napi::CallbackInfo& info) {
  const ByteSpan bytes = bytes_of(info[1]);
  return Napi::Boolean::New(info.Env(), shared_of<Counter>(info[0]).words.add_written(bytes.data, bytes.size, info[2].As<Napi::Number>().Uint32Value()));
}

BpeTrainingSpec read_training_spec(Reader reader) {
  BpeTrainingSpec spec;
  spec.vocab_size = static_cast<uint32_t>(reader.number("vocabSize"));
  spec.least_count = static_cast<uint64_t>(reader.number("leastCount"));
  spec.max_token_length = static_cast<uint32_t>(reader.number("maxTokenLength"));
  spec.token_bytes = reader.array<uint8_t>("tokenBytes");
  spec.token_offsets = reader.array<uint32_t>("tokenOffsets");
  spec.kind = symbol_kind(reader.text("unit"), reader.boolean("placed"));
  spec.symbols = reader.array<uint32_t>("symbols");
  spec.symbol_ids = reader.array<uint32_t>("symbolIds");
  spec.continuing_prefix = reader.array<uint8_t>("continuingPrefix");
  spec.affixes = spec.kind.placed;
  if (reader.has("compression")) spec.compared = static_cast<uint32_t>(reader.child("compression").number("candidates"));
  if (reader.has("removalThreshold")) spec.removal_threshold = reader.real("removalThreshold");
  if (reader.has("done")) {
    Reader done = reader.child("done");
    spec.done = done.array<uint32_t>("triples");
    spec.done_counts = done.array<double>("counts");
  }
  if (reader.has("rule")) {
    Reader rule = reader.child("rule");
    spec.token_traits = rule.array<uint32_t>("traits");
    spec.most_words = static_cast<uint32_t>(rule.number("maxWords"));
  }
  if (reader.has("schedule")) {
    Reader schedule = reader.child("schedule");
    spec.schedule.emplace(training::ScheduleSpec{schedule.array<uint32_t>("triples"), schedule.array<double>("counts"),
                                                 schedule.array<uint8_t>("completes"), static_cast<uint32_t>(schedule.number("forced"))});
  }
  return spec;
}

// (counter, spec, listener) => job, whose progress is the number of new tokens. The counter is empty afterwards.
Napi::Value start_training(const Napi::CallbackInfo& info) {
  const Napi::Object options = info[1].As<Napi::Object>();
  BpeTrainingSpec spec = read_training_spec(Reader(options));
  std::shared_ptr<Counter> validation;
  if (spec.compared != 0) validation = pointer_of<Counter>(options.Get("compression").As<Napi::Object>().Get("validation"));
  return start(info, "merganser train", Napi::Object::New(info.Env()),
               [counter = pointer_of<Counter>(info[0]), validation = std::move(validation), spec = std::move(spec)](TrainingTask& task) {
                 training::train_bpe(counter->words.merged(), validation ? &validation->words.merged() : nullptr, spec, task.merges, [&task] { return task.goes_on(); });
               });
}

// (job) => number of merges so far
Napi::Value merge_count(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), merges_of(info[0]).count()); }

// (job, triples): as many merges as there is room for
void copy_merges(const Napi::CallbackInfo& info) {
  auto out = info[1].As<Napi::Uint32Array>();
  const std::vector<uint32_t> merges = merges_of(info[0]).copy();
  std::copy_n(merges.begin(), std::min(merges.size(), out.ElementLength()), out.Data());
}

// (job, counts): of as many merges as there is room for
void copy_merge_counts(const Napi::CallbackInfo& info) {
  auto out = info[1].As<Napi::Float64Array>();
  const std::vector<uint64_t> counts = merges_of(info[0]).counts();
  std::copy_n(counts.begin(), std::min(counts.size(), out.ElementLength()), out.Data());
}

// (job) => numbers in its removals
Napi::Value removals_size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(merges_of(info[0]).removals().size()));
}

// (job, removals)
void copy_removals(const Napi::CallbackInfo& info) {
  auto out = info[1].As<Napi::Uint32Array>();
  const std::vector<uint32_t> removals = merges_of(info[0]).removals();
  std::copy_n(removals.begin(), std::min(removals.size(), out.ElementLength()), out.Data());
}

// (tokenBytes, tokenOffsets, triples, prefix) => [bytes, offsets]
Napi::Value grow_tokens(const Napi::CallbackInfo& info) {
  const auto offsets = info[1].As<Napi::Uint32Array>();
  const auto triples = info[2].As<Napi::Uint32Array>();
  const ByteSpan bytes = bytes_of(info[0]), prefix = bytes_of(info[3]);
  training::TokenTable tokens{{bytes.data, bytes.data + bytes.size}, {offsets.Data(), offsets.Data() + offsets.ElementLength()}};
  training::grow_tokens(tokens, triples.Data(), triples.ElementLength() / 3, {reinterpret_cast<const char*>(prefix.data), prefix.size});
  auto grown = Napi::Array::New(info.Env(), 2);
  auto new_bytes = Napi::Uint8Array::New(info.Env(), tokens.bytes.size());
  auto new_offsets = Napi::Uint32Array::New(info.Env(), tokens.offsets.size());
  std::copy(tokens.bytes.begin(), tokens.bytes.end(), new_bytes.Data());
  std::copy(tokens.offsets.begin(), tokens.offsets.end(), new_offsets.Data());
  grown.Set(0u, new_bytes);
  grown.Set(1u, new_offsets);
  return grown;
}

}  // namespace

void register_training(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("createWordCounter", create_word_counter);
  add("countTexts", count_texts);
  add("countFile", count_file);
  add("addWords", add_words);
  add("wordCounterBytes", word_counter_bytes);
  add("wordCounterTotal", word_counter_total);
  add("distinctWords", distinct_words);
  add("countSymbols", count_symbols);
  add("symbolCount", symbol_count);
  add("takeSymbols", take_symbols);
  add("sortWords", sort_words);
  add("takeSortedWords", take_sorted_words);
  add("addWrittenWords", add_written_words);
  add("startTraining", start_training);
  add("mergeCount", merge_count);
  add("copyMerges", copy_merges);
  add("copyMergeCounts", copy_merge_counts);
  add("removalsSize", removals_size);
  add("copyRemovals", copy_removals);
  add("growTokens", grow_tokens);
}

}  // namespace merganser::addon
