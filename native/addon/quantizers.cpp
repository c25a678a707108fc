// Vectors to codes and back, as jobs (see task.hpp).
#include "merganser/quantizers/code_vectors.hpp"

#include <napi.h>

#include "array_bytes.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using namespace quantizers;

template <typename T>
T* data_of(const Napi::Value& value) {
  return value.IsTypedArray() ? static_cast<T*>(value.As<Napi::TypedArrayOf<T>>().Data()) : nullptr;
}

size_t size_of(const Napi::Object& object, const char* name) { return static_cast<size_t>(object.Get(name).As<Napi::Number>().Int64Value()); }

clustering::ElementType element_type(const std::string& name) {
  using clustering::ElementType;
  return name == "float16" ? ElementType::float16 : name == "bfloat16" ? ElementType::bfloat16 : ElementType::float32;
}

clustering::PointSet read_points(const Napi::Object& points) {
  return {bytes_of_array(points.Get("data")), element_type(points.Get("type").As<Napi::String>()),
          size_of(points, "dims"), nullptr, size_of(points, "count"), nullptr};
}

std::vector<Codebook> read_codebooks(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<Codebook> codebooks;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto codebook = array.Get(i).As<Napi::Object>();
    codebooks.push_back({data_of<float>(codebook.Get("data")), size_of(codebook, "codes"), size_of(codebook, "dims"), size_of(codebook, "place")});
  }
  return codebooks;
}

// Progress is the number of vectors that are done.
class CodingTask final : public Task {
 public:
  using Work = std::function<void(const CodingControl&)>;
  CodingTask(const Napi::CallbackInfo& info, const char* name, Work work)
      : Task(info.Env(), name, info[1], info[0].As<Napi::Object>()), threads_(size_of(info[0].As<Napi::Object>(), "threads")), work_(std::move(work)) {
    if (threads_ == 0) threads_ = parallel::ThreadPool::shared().size();
  }

 private:
  void work() override {
    work_({static_cast<unsigned>(threads_), &cancelled_, [this](size_t vectors) {
             done_ += vectors;
             goes_on();
           }});
  }
  double progress() const override { return static_cast<double>(done_); }
  size_t threads_;
  std::atomic<size_t> done_{0};
  Work work_;
};

// ({points, codebooks, kind, beam, threads, codes}, listener) => job
Napi::Value start_encoding_vectors(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const CodeKind kind = object.Get("kind").As<Napi::String>().Utf8Value() == "part" ? CodeKind::part : CodeKind::rest;
  uint32_t* const codes = data_of<uint32_t>(object.Get("codes"));
  const auto work = [points = read_points(object.Get("points").As<Napi::Object>()), codebooks = read_codebooks(object.Get("codebooks")), kind,
                     beam = size_of(object, "beam"), codes](const CodingControl& control) { encode_vectors(points, codebooks, kind, beam, control, codes); };
  return start(info.Env(), std::make_shared<CodingTask>(info, "merganser encode vectors", work));
}

// ({codes, count, codebooks, dims, threads, out}, listener) => job
Napi::Value start_decoding_codes(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const uint32_t* const codes = data_of<uint32_t>(object.Get("codes"));
  float* const out = data_of<float>(object.Get("out"));
  const auto work = [codes, count = size_of(object, "count"), codebooks = read_codebooks(object.Get("codebooks")), dims = size_of(object, "dims"),
                     out](const CodingControl& control) { decode_codes(codes, count, codebooks, dims, control, out); };
  return start(info.Env(), std::make_shared<CodingTask>(info, "merganser decode vectors", work));
}

}  // namespace

void register_quantizers(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("startEncodingVectors", start_encoding_vectors);
  add("startDecodingCodes", start_decoding_codes);
}

}  // namespace merganser::addon
