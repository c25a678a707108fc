// Texts to the longest tokens that stand in them.
#include <napi.h>

#include <algorithm>

#include "merganser/dynamic/prefix_encoder.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using dynamic::PrefixEncoder;
using dynamic::PrefixTrie;

// (tokenBytes, tokenOffsets) => trie, which is to be built
Napi::Value create_prefix_trie(const Napi::CallbackInfo& info) {
  const ByteSpan bytes = bytes_of(info[0]);
  const auto offsets = info[1].As<Napi::Uint32Array>();
  return handle_on(info.Env(), std::make_shared<PrefixTrie>(std::vector<uint8_t>(bytes.data, bytes.data + bytes.size),
                                                            std::vector<uint32_t>(offsets.Data(), offsets.Data() + offsets.ElementLength())));
}

// (trie)
void build_prefix_trie(const Napi::CallbackInfo& info) {
  shared_of<PrefixTrie>(info[0]).build([] { return true; });
}

class BuildingTask final : public Task {
 public:
  BuildingTask(Napi::Env env, const Napi::Value& listener, std::shared_ptr<PrefixTrie> trie)
      : Task(env, "merganser build prefix trie", listener, Napi::Object::New(env)), trie_(std::move(trie)) {}

 private:
  void work() override {
    trie_->build([this] { return goes_on(); });
  }
  std::shared_ptr<PrefixTrie> trie_;
};

// (trie, listener) => job
Napi::Value start_building_prefix_trie(const Napi::CallbackInfo& info) {
  return start(info.Env(), std::make_shared<BuildingTask>(info.Env(), info[1], pointer_of<PrefixTrie>(info[0])));
}

// (trie) => bytes of memory
Napi::Value prefix_trie_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(shared_of<PrefixTrie>(info[0]).bytes()));
}

// (trie, textOffsets, unknownId) => run
Napi::Value create_prefix_run(const Napi::CallbackInfo& info) {
  const auto offsets = info[1].As<Napi::Uint32Array>();
  const int64_t unknown = info[2].As<Napi::Number>().Int64Value();
  return handle_on(info.Env(), std::make_shared<PrefixEncoder>(pointer_of<const PrefixTrie>(info[0]), unknown < 0 ? PrefixTrie::kNone : static_cast<uint32_t>(unknown),
                                                               std::vector<uint32_t>(offsets.Data(), offsets.Data() + offsets.ElementLength())));
}

// (run, text)
void run_prefixes(const Napi::CallbackInfo& info) {
  shared_of<PrefixEncoder>(info[0]).run(bytes_of(info[1]).data, [] { return true; });
}

class PrefixTask final : public Task {
 public:
  PrefixTask(Napi::Env env, const Napi::Value& listener, const Napi::Object& text, std::shared_ptr<PrefixEncoder> run)
      : Task(env, "merganser encode prefixes", listener, text), run_(std::move(run)), text_(bytes_of(text).data) {}

 private:
  void work() override {
    run_->run(text_, [this] { return goes_on(); });
  }
  std::shared_ptr<PrefixEncoder> run_;
  const uint8_t* text_;
};

// (run, text, listener) => job
Napi::Value start_prefixes(const Napi::CallbackInfo& info) {
  return start(info.Env(), std::make_shared<PrefixTask>(info.Env(), info[2], info[1].As<Napi::Object>(), pointer_of<PrefixEncoder>(info[0])));
}

// (run) => number of ids; −1 − the byte that is unknown
Napi::Value prefix_count(const Napi::CallbackInfo& info) {
  const PrefixEncoder& run = shared_of<PrefixEncoder>(info[0]);
  const double count = run.unknown_at() >= 0 ? -1.0 - static_cast<double>(run.unknown_at()) : static_cast<double>(run.ids().size());
  return Napi::Number::New(info.Env(), count);
}

// (run, values, offsets)
void copy_prefixes(const Napi::CallbackInfo& info) {
  const PrefixEncoder& run = shared_of<PrefixEncoder>(info[0]);
  std::copy(run.ids().begin(), run.ids().end(), info[1].As<Napi::Uint32Array>().Data());
  std::copy(run.id_offsets().begin(), run.id_offsets().end(), info[2].As<Napi::Uint32Array>().Data());
}

}  // namespace

void register_prefixes(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("createPrefixTrie", create_prefix_trie);
  add("buildPrefixTrie", build_prefix_trie);
  add("startBuildingPrefixTrie", start_building_prefix_trie);
  add("prefixTrieBytes", prefix_trie_bytes);
  add("createPrefixRun", create_prefix_run);
  add("runPrefixes", run_prefixes);
  add("startPrefixes", start_prefixes);
  add("prefixCount", prefix_count);
  add("copyPrefixes", copy_prefixes);
}

}  // namespace merganser::addon
