// Merging the tokens of batches. A run goes on until it is done or wants verdicts on pairs, which TypeScript gives.
#include <napi.h>

#include <algorithm>

#include "merganser/dynamic/batch_merger.hpp"
#include "merganser/dynamic/chunking.hpp"
#include "merganser/dynamic/rows.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using dynamic::BatchMerger;
using dynamic::MergerVocabulary;

struct Run {
  Run(std::shared_ptr<MergerVocabulary> vocabulary, dynamic::MergeRun run) : merger(std::move(vocabulary), std::move(run)) {}
  BatchMerger merger;
  bool done = false;
};

template <typename T>
std::vector<T> copy_of(const Napi::Value& value) {
  const auto array = value.As<Napi::TypedArrayOf<T>>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

template <typename Values>
void copy_to(const Values& values, const Napi::Value& target) {
  std::copy(values.begin(), values.end(), target.As<Napi::TypedArrayOf<typename Values::value_type>>().Data());
}

// (spec) => merger
Napi::Value create_token_merger(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  dynamic::MergerSpec spec;
  spec.tokens.token_bytes = reader.array<uint8_t>("tokenBytes");
  spec.tokens.token_offsets = reader.array<uint32_t>("tokenOffsets");
  spec.traits = reader.array<uint8_t>("traits");
  spec.split_matters = reader.boolean("splitMatters");
  return handle_on(info.Env(), std::make_shared<MergerVocabulary>(std::move(spec)));
}

// (merger, run) => run. The array of its values is used until it is done.
Napi::Value create_merge_run(const Napi::CallbackInfo& info) {
  Reader reader(info[1].As<Napi::Object>());
  dynamic::MergeRun run;
  run.values = info[1].As<Napi::Object>().Get("values").As<Napi::Uint32Array>().Data();
  run.offsets = reader.array<uint32_t>("offsets");
  run.per_sequence = reader.boolean("perSequence");
  run.merges = reader.array<uint32_t>("merges");
  run.targets = reader.array<uint32_t>("targets");
  run.least_count = static_cast<uint32_t>(reader.number("leastCount"));
  run.free_after = static_cast<uint32_t>(reader.number("freeAfter"));
  return handle_on(info.Env(), std::make_shared<Run>(pointer_of<MergerVocabulary>(info[0]), std::move(run)));
}

// (run) => whether it is done; else there are questions
Napi::Value advance_merging(const Napi::CallbackInfo& info) {
  Run& run = shared_of<Run>(info[0]);
  run.done = run.merger.advance([] { return true; });
  return Napi::Boolean::New(info.Env(), run.done);
}

class MergingTask final : public Task {
 public:
  MergingTask(Napi::Env env, const Napi::Value& listener, const Napi::Object& keep_alive, std::shared_ptr<Run> run)
      : Task(env, "merganser merge tokens", listener, keep_alive), run_(std::move(run)) {}

 private:
  void work() override {
    run_->done = run_->merger.advance([this] { return goes_on(); });
  }
  std::shared_ptr<Run> run_;
};

// (run, values, listener) => job
Napi::Value start_merging(const Napi::CallbackInfo& info) {
  return start(info.Env(), std::make_shared<MergingTask>(info.Env(), info[2], info[1].As<Napi::Object>(), pointer_of<Run>(info[0])));
}

Napi::Value merging_done(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), shared_of<Run>(info[0]).done); }

// (run, sizes): [questions, bytes of their texts]
void question_sizes(const Napi::CallbackInfo& info) {
  const dynamic::PairQuestions& questions = shared_of<Run>(info[0]).merger.questions();
  copy_to(std::vector<uint32_t>{static_cast<uint32_t>(questions.splits.size()), static_cast<uint32_t>(questions.bytes.size())}, info[1]);
}

// (run, bytes, offsets, splits)
void copy_questions(const Napi::CallbackInfo& info) {
  const dynamic::PairQuestions& questions = shared_of<Run>(info[0]).merger.questions();
  std::copy(questions.bytes.begin(), questions.bytes.end(), info[1].As<Napi::Uint8Array>().Data());
  copy_to(questions.offsets, info[2]);
  copy_to(questions.splits, info[3]);
}

// (run, verdicts)
void answer_questions(const Napi::CallbackInfo& info) { shared_of<Run>(info[0]).merger.answer(bytes_of(info[1]).data); }

// (run, sizes): [tokens, new tokens, bytes of their texts, their parts, merges, batches]. It is done.
void merged_sizes(const Napi::CallbackInfo& info) {
  const BatchMerger& merger = shared_of<Run>(info[0]).merger;
  const dynamic::BatchTokens& tokens = merger.tokens();
  const auto size = [](size_t count) { return static_cast<uint32_t>(count); };
  copy_to(std::vector<uint32_t>{size(merger.token_count()), size(tokens.byte_offsets().size() - 1), size(tokens.bytes().size()), size(tokens.parts().size()),
                                size(merger.merges().size() / 4), size(merger.merge_offsets().size() - 1)},
          info[1]);
}

// (run, MergedTokens with arrays of the right sizes)
void copy_merged(const Napi::CallbackInfo& info) {
  const BatchMerger& merger = shared_of<Run>(info[0]).merger;
  const dynamic::BatchTokens& tokens = merger.tokens();
  const Napi::Object out = info[1].As<Napi::Object>();
  const auto ids = [&](const char* name) { return out.Get(name).As<Napi::Uint32Array>().Data(); };
  merger.write_tokens(ids("values"), ids("offsets"), ids("starts"));
  std::copy(tokens.bytes().begin(), tokens.bytes().end(), out.Get("newBytes").As<Napi::Uint8Array>().Data());
  copy_to(tokens.byte_offsets(), out.Get("newByteOffsets"));
  copy_to(tokens.parts(), out.Get("newParts"));
  copy_to(tokens.part_offsets(), out.Get("newPartOffsets"));
  copy_to(merger.merges(), out.Get("merges"));
  copy_to(merger.merge_offsets(), out.Get("mergeOffsets"));
}

// (RowSums, out)
void sum_rows(const Napi::CallbackInfo& info) {
  const Napi::Object sums = info[0].As<Napi::Object>();
  const auto offsets = sums.Get("offsets").As<Napi::Uint32Array>();
  const Napi::Value weights = sums.Get("weights");
  dynamic::sum_rows({sums.Get("table").As<Napi::Float32Array>().Data(), static_cast<size_t>(sums.Get("width").As<Napi::Number>().Int64Value()),
                     sums.Get("parts").As<Napi::Uint32Array>().Data(), offsets.Data(), offsets.ElementLength() - 1,
                     weights.IsNull() ? nullptr : weights.As<Napi::Float64Array>().Data()},
                    info[1].As<Napi::Float32Array>().Data());
}

// (first, second, width, rows, out)
void gather_rows(const Napi::CallbackInfo& info) {
  const auto first = info[0].As<Napi::Float32Array>();
  const size_t width = static_cast<size_t>(info[2].As<Napi::Number>().Int64Value());
  const auto rows = info[3].As<Napi::Uint32Array>();
  dynamic::gather_rows(first.Data(), first.ElementLength() / width, info[1].As<Napi::Float32Array>().Data(), width, rows.Data(), rows.ElementLength(),
                       info[4].As<Napi::Float32Array>().Data());
}

// (queries, keys, width, offsets, probabilities) and (rows, probabilities, width, offsets, out)
template <void (*kernel)(const float*, const float*, size_t, const uint32_t*, size_t, float*)>
void over_sequences(const Napi::CallbackInfo& info) {
  const auto floats = [&](size_t i) { return info[i].As<Napi::Float32Array>().Data(); };
  const auto offsets = info[3].As<Napi::Uint32Array>();
  kernel(floats(0), floats(1), static_cast<size_t>(info[2].As<Napi::Number>().Int64Value()), offsets.Data(), offsets.ElementLength() - 1, floats(4));
}

}  // namespace

void register_dynamic(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("createTokenMerger", create_token_merger);
  add("sumRows", sum_rows);
  add("gatherRows", gather_rows);
  add("routeRows", over_sequences<dynamic::route_rows>);
  add("averageRows", over_sequences<dynamic::average_rows>);
  add("createMergeRun", create_merge_run);
  add("advanceMerging", advance_merging);
  add("startMerging", start_merging);
  add("mergingDone", merging_done);
  add("questionSizes", question_sizes);
  add("copyQuestions", copy_questions);
  add("answerQuestions", answer_questions);
  add("mergedSizes", merged_sizes);
  add("copyMerged", copy_merged);
}

}  // namespace merganser::addon
