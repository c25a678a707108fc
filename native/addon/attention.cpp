// Attention: at once, and as jobs (see job.hpp).
#include <napi.h>

#include "array_bytes.hpp"
#include "job.hpp"
#include "merganser/attention/attention.hpp"
#include "merganser/attention/lookup.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

using namespace attention;

template <typename T>
T* data_of(const Napi::Value& value) {
  return value.IsTypedArray() ? static_cast<T*>(value.As<Napi::TypedArrayOf<T>>().Data()) : nullptr;
}

size_t size_of(const Napi::Object& object, const char* name) { return static_cast<size_t>(object.Get(name).As<Napi::Number>().Int64Value()); }

HeadRows read_rows(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  const std::string type = object.Get("type").As<Napi::String>();
  return {bytes_of_array(object.Get("data")),
          type == "float16" ? RowType::float16 : type == "bfloat16" ? RowType::bfloat16 : RowType::float32,
          size_of(object, "dims"),
          data_of<double>(object.Get("starts")),
          size_of(object, "headStride"),
          size_of(object, "rowStride")};
}

ResultRows read_results(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  return {data_of<float>(object.Get("data")), size_of(object, "dims"), data_of<double>(object.Get("starts")), size_of(object, "headStride"), size_of(object, "rowStride")};
}

AttentionShape read_shape(const Napi::Object& object) {
  const size_t threads = size_of(object, "threads");
  return {size_of(object, "sequences"),
          size_of(object, "kvHeads"),
          size_of(object, "group"),
          data_of<uint32_t>(object.Get("queryLengths")),
          size_of(object, "tile"),
          object.Get("scale").As<Napi::Number>(),
          threads == 0 ? parallel::ThreadPool::shared().size() : static_cast<unsigned>(threads),
          read_rows(object.Get("queries"))};
}

RowLists read_lists(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return {data_of<uint32_t>(object.Get("offsets")), data_of<int32_t>(object.Get("starts")), data_of<uint32_t>(object.Get("lengths")),
          size_of(object, "block")};
}

std::vector<KeyPart> read_parts(const Napi::Value& value) {
  const auto array = value.As<Napi::Array>();
  std::vector<KeyPart> parts;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto part = array.Get(i).As<Napi::Object>();
    parts.push_back({read_rows(part.Get("keys")), read_rows(part.Get("values")), data_of<uint32_t>(part.Get("lengths")),
                     part.Get("causal").ToBoolean(), read_lists(part.Get("lists")), read_rows(part.Get("bias")), read_rows(part.Get("variances"))});
  }
  return parts;
}

ClusterGroups read_groups(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return {size_of(object, "groups"), data_of<float>(object.Get("centroids")), data_of<uint32_t>(object.Get("offsets")), data_of<double>(object.Get("limits"))};
}

Clusters read_clusters(const Napi::Object& spec) {
  const auto object = spec.Get("clusters").As<Napi::Object>();
  const auto centroids = object.Get("centroids").As<Napi::TypedArray>();
  const auto type = centroids.TypedArrayType();
  return {size_of(object, "clusters"),
          size_of(object, "room"),
          bytes_of_array(centroids),
          type == napi_int8_array ? RowType::int8 : type == napi_uint16_array ? RowType::bfloat16 : RowType::float32,
          data_of<float>(object.Get("scales")),
          data_of<uint32_t>(object.Get("offsets")),
          size_of(object, "dims"),
          size_of(spec, "step"),
          read_groups(object.Get("groups")),
          nullptr};
}

Selection read_selection(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const std::string kind = object.Get("kind").As<Napi::String>();
  return {kind == "threshold" ? SelectionKind::threshold : kind == "budget" ? SelectionKind::budget : SelectionKind::top_p,
          data_of<double>(object.Get("limits"))};
}

ClusterVectors read_vectors(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  const auto data = object.Get("data").As<Napi::TypedArray>();
  return {bytes_of_array(data), data.TypedArrayType() == napi_int8_array ? RowType::int8 : RowType::float32, data_of<float>(object.Get("scales"))};
}

ClusterEstimate read_estimate(const Napi::Value& value) {
  if (!value.IsObject()) return {};
  const auto object = value.As<Napi::Object>();
  return {read_vectors(object.Get("valueMeans")), read_vectors(object.Get("variances"))};
}

// What is to be done, with everything read from JavaScript.
using Work = std::function<void(const Control&)>;

Work read_attend(const Napi::Object& call) {
  const auto spec = call.Get("spec").As<Napi::Object>(), to = call.Get("to").As<Napi::Object>();
  return [shape = read_shape(spec), parts = read_parts(spec.Get("parts")), output = read_results(to.Get("output")),
          log_sum_exp = read_results(to.Get("logSumExp"))](const Control& control) { attend(shape, parts, output, log_sum_exp, control); };
}

// again: it is going to be done more than once.
Work read_attend_clusters(const Napi::Object& call, bool again = false) {
  const auto spec = call.Get("spec").As<Napi::Object>(), to = call.Get("to").As<Napi::Object>(), chosen = call.Get("chosen").As<Napi::Object>();
  const AttentionShape shape = read_shape(spec);
  ClusterAttention clusters{read_clusters(spec), read_selection(spec.Get("selection")), read_rows(spec.Get("keys")), read_rows(spec.Get("values")),
                            read_estimate(spec.Get("estimate"))};
  const auto sizes = std::make_shared<const std::vector<ClusterSizes>>(again ? sizes_of_all(shape, clusters.clusters) : std::vector<ClusterSizes>());
  if (again) clusters.clusters.sizes = sizes->data();
  return [shape, clusters, sizes, parts = read_parts(spec.Get("parts")), output = read_results(to.Get("output")), log_sum_exp = read_results(to.Get("logSumExp")),
          to_chosen = ChosenClusters{data_of<uint32_t>(chosen.Get("clusters")), data_of<uint32_t>(chosen.Get("counts"))}](const Control& control) {
    attend_clusters(shape, clusters, parts, output, log_sum_exp, to_chosen, control);
  };
}

Work read_scores(const Napi::Object& call) {
  const auto spec = call.Get("spec").As<Napi::Object>();
  return [shape = read_shape(spec), clusters = read_clusters(spec), scores = data_of<float>(call.Get("scores"))](const Control& control) {
    centroid_scores(shape, clusters, scores, control);
  };
}

class AttentionJob final : public Job {
 public:
  AttentionJob(Napi::Env env, const Napi::Value& listener, const Napi::Object& keep_alive, Work work)
      : Job(env, "merganser attention", listener.As<Napi::Function>(), keep_alive), work_(std::move(work)) {}

 private:
  void work() override {
    work_({&cancelled_, [this](double done) {
             done_ = done;
             report_now_and_then();
           }});
  }
  double progress() const override { return done_; }
  std::atomic<double> done_{0};
  Work work_;
};

using JobHandle = Napi::External<std::shared_ptr<AttentionJob>>;

Napi::Value start(const Napi::CallbackInfo& info, Work work) {
  auto job = std::make_shared<AttentionJob>(info.Env(), info[1], info[0].As<Napi::Object>(), std::move(work));
  job->start(info.Env(), 1);
  return JobHandle::New(info.Env(), new std::shared_ptr<AttentionJob>(job), [](Napi::Env, std::shared_ptr<AttentionJob>* gone) { delete gone; });
}

// Work that is read once and done again and again. Whoever prepares it keeps its arrays.
using PreparedHandle = Napi::External<Work>;

Napi::Value prepare(Napi::Env env, Work work) {
  return PreparedHandle::New(env, new Work(std::move(work)), [](Napi::Env, Work* gone) { delete gone; });
}

const std::shared_ptr<AttentionJob>& job_of(const Napi::Value& handle) { return *handle.As<JobHandle>().Data(); }

}  // namespace

// ({spec, to}), ({spec, to, chosen}), ({spec, scores}); the same and a listener => job
void register_attention(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("attend", [](const Napi::CallbackInfo& info) { read_attend(info[0].As<Napi::Object>())({nullptr, {}}); });
  add("centroidScores", [](const Napi::CallbackInfo& info) { read_scores(info[0].As<Napi::Object>())({nullptr, {}}); });
  add("attendClusters", [](const Napi::CallbackInfo& info) { read_attend_clusters(info[0].As<Napi::Object>())({nullptr, {}}); });
  add("prepareAttendClusters", [](const Napi::CallbackInfo& info) { return prepare(info.Env(), read_attend_clusters(info[0].As<Napi::Object>(), true)); });
  add("runAttendClusters", [](const Napi::CallbackInfo& info) { (*info[0].As<PreparedHandle>().Data())({nullptr, {}}); });
  add("startAttendClusters", [](const Napi::CallbackInfo& info) { return start(info, read_attend_clusters(info[0].As<Napi::Object>())); });
  add("startAttend", [](const Napi::CallbackInfo& info) { return start(info, read_attend(info[0].As<Napi::Object>())); });
  add("startCentroidScores", [](const Napi::CallbackInfo& info) { return start(info, read_scores(info[0].As<Napi::Object>())); });
  add("cancelAttention", [](const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), job_of(info[0])->cancel()); });
  add("attentionError", [](const Napi::CallbackInfo& info) -> Napi::Value {
    const char* const error = job_of(info[0])->error();
    return error ? Napi::String::New(info.Env(), error) : info.Env().Null();
  });
}

}  // namespace merganser::addon
