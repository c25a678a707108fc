// Regular expressions.
#include <napi.h>

#include "environment.hpp"
#include "merganser/text/pattern.hpp"
#include "reading.hpp"
#include "shared_objects.hpp"
#include "specs.hpp"

namespace merganser::addon {
namespace {

// (program) => handle
Napi::Value create_pattern(const Napi::CallbackInfo& info) {
  Reader reader(info[0].As<Napi::Object>());
  text::PatternProgram program = read_pattern(reader);
  return share<text::Pattern>(info.Env(), "pattern" + reader.fingerprint(), [&] { return std::make_shared<text::Pattern>(std::move(program)); });
}

// (pattern, text) => how many numbers to take: start and end of each match. An empty match directly behind another match does not count.
Napi::Value find_matches(const Napi::CallbackInfo& info) {
  const text::Pattern& pattern = shared_of<text::Pattern>(info[0]);
  const ByteSpan text = bytes_of(info[1]);
  Environment& environment = Environment::of(info.Env());
  environment.ids.clear();
  text::PatternScratch scratch;
  size_t start, end, latest = SIZE_MAX;
  for (size_t from = 0; from <= text.size && pattern.find(text.data, text.size, from, start, end, scratch);) {
    from = end;
    if (start == end && start == latest) {
      from = start < text.size ? start + text::sequence_size(text.data[start]) : start + 1;
      continue;
    }
    environment.ids.push(static_cast<uint32_t>(start));
    environment.ids.push(static_cast<uint32_t>(end));
    latest = end;
  }
  return Napi::Number::New(info.Env(), static_cast<double>(environment.ids.size()));
}

}  // namespace

void register_pattern(Napi::Env env, Napi::Object exports) {
  exports.Set("createPattern", Napi::Function::New(env, create_pattern, "createPattern"));
  exports.Set("findMatches", Napi::Function::New(env, find_matches, "findMatches"));
}

}  // namespace merganser::addon
