// Clustering of vectors: long work as jobs (see job.hpp), short work at once.
#include <napi.h>

#include "array_bytes.hpp"
#include "job.hpp"
#include "merganser/clustering/assign_nearest.hpp"
#include "merganser/clustering/leading_eigenvectors.hpp"
#include "merganser/clustering/linkage.hpp"
#include "merganser/clustering/lloyd.hpp"
#include "merganser/clustering/products.hpp"
#include "merganser/clustering/silhouette.hpp"
#include "merganser/parallel/thread_pool.hpp"

namespace merganser::addon {
namespace {

using namespace clustering;

template <typename T>
T* data_of(const Napi::Value& value) {
  return value.IsTypedArray() ? static_cast<T*>(value.As<Napi::TypedArrayOf<T>>().Data()) : nullptr;
}

size_t size_of(const Napi::Object& object, const char* name) { return static_cast<size_t>(object.Get(name).As<Napi::Number>().Int64Value()); }

unsigned threads_of(const Napi::Object& spec) {
  const size_t wanted = size_of(spec, "threads");
  return wanted == 0 ? parallel::ThreadPool::shared().size() : static_cast<unsigned>(wanted);
}

ElementType element_type(const std::string& name) {
  return name == "float16" ? ElementType::float16 : name == "bfloat16" ? ElementType::bfloat16 : ElementType::float32;
}

PointSet read_points(const Napi::Object& points) {
  PointSet set;
  set.data = bytes_of_array(points.Get("data"));
  set.type = element_type(points.Get("type").As<Napi::String>());
  set.dims = size_of(points, "dims");
  set.rows = data_of<uint32_t>(points.Get("rows"));
  set.count = size_of(points, "count");
  set.weights = data_of<double>(points.Get("weights"));
  return set;
}

// A piece of work on arrays that `keep_alive` holds.
class ClusteringTask final : public Job {
 public:
  using Work = std::function<void(ClusteringTask&)>;
  ClusteringTask(Napi::Env env, const char* name, const Napi::Value& listener, const Napi::Object& keep_alive, Work work)
      : Job(env, name, listener.As<Napi::Function>(), keep_alive), work_(std::move(work)) {}
  const std::atomic<bool>* cancelled() const { return &cancelled_; }
  // Tells how far it is; false: it is to end.
  bool iterated(uint32_t iteration, double value) {
    objective = value;
    iteration_ = iteration;
    report_now_and_then();
    return !cancelled_;
  }
  std::atomic<double> objective{0};

 private:
  void work() override { work_(*this); }
  double progress() const override { return iteration_; }
  std::atomic<uint32_t> iteration_{0};
  Work work_;
};

using TaskHandle = Napi::External<std::shared_ptr<ClusteringTask>>;

ClusteringTask& task_of(const Napi::Value& handle) { return **handle.As<TaskHandle>().Data(); }

// (spec, listener)
Napi::Value start(const Napi::CallbackInfo& info, const char* name, ClusteringTask::Work work) {
  auto task = std::make_shared<ClusteringTask>(info.Env(), name, info[1], info[0].As<Napi::Object>(), std::move(work));
  task->start(info.Env(), 1);
  return TaskHandle::New(info.Env(), new std::shared_ptr<ClusteringTask>(task), [](Napi::Env, std::shared_ptr<ClusteringTask>* gone) { delete gone; });
}

// ({points, clusters, frozen, spherical, maxIterations, tolerance, boundsBytes, threads, centroids, labels, numbers}, listener) => job, whose progress is the
// number of iterations. numbers: room for 3 + maxIterations; reason, objective and number of iterations, then the objective of each.
Napi::Value start_lloyd(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  LloydSpec spec{};
  spec.points = read_points(object.Get("points").As<Napi::Object>());
  spec.clusters = size_of(object, "clusters");
  spec.frozen = data_of<uint8_t>(object.Get("frozen"));
  spec.spherical = object.Get("spherical").ToBoolean();
  spec.max_iterations = static_cast<uint32_t>(size_of(object, "maxIterations"));
  spec.tolerance = object.Get("tolerance").As<Napi::Number>();
  spec.bounds_bytes = size_of(object, "boundsBytes");
  spec.threads = threads_of(object);
  float* const centroids = data_of<float>(object.Get("centroids"));
  uint32_t* const labels = data_of<uint32_t>(object.Get("labels"));
  double* const numbers = data_of<double>(object.Get("numbers"));
  return start(info, "merganser k-means", [=](ClusteringTask& task) mutable {
    spec.cancelled = task.cancelled();
    const LloydOutcome outcome =
        lloyd(spec, centroids, labels, [&](uint32_t iteration, double objective) { return task.iterated(iteration, objective); });
    numbers[0] = static_cast<double>(outcome.reason);
    numbers[1] = outcome.objective;
    numbers[2] = static_cast<double>(outcome.objectives.size());
    std::copy(outcome.objectives.begin(), outcome.objectives.end(), numbers + 3);
  });
}

// {points, spherical, centroids, clusters, threads}
NearestSpec read_nearest(const Napi::Object& object) {
  NearestSpec spec{};
  spec.points = read_points(object.Get("points").As<Napi::Object>());
  spec.spherical = object.Get("spherical").ToBoolean();
  spec.centroids = data_of<float>(object.Get("centroids"));
  spec.clusters = size_of(object, "clusters");
  spec.threads = threads_of(object);
  return spec;
}

// ({points, spherical, centroids, clusters, threads, labels, distances | null}) => message | null
Napi::Value run_nearest(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  try {
    assign_nearest(read_nearest(object), data_of<uint32_t>(object.Get("labels")), data_of<float>(object.Get("distances")));
  } catch (const std::exception& error) {
    return Napi::String::New(info.Env(), error.what());
  }
  return info.Env().Null();
}

// (the same, listener) => job
Napi::Value start_nearest(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  NearestSpec spec = read_nearest(object);
  uint32_t* const labels = data_of<uint32_t>(object.Get("labels"));
  float* const distances = data_of<float>(object.Get("distances"));
  return start(info, "merganser nearest centroids", [=](ClusteringTask& task) mutable {
    spec.cancelled = task.cancelled();
    assign_nearest(spec, labels, distances);
  });
}

// (job) => objective of the latest iteration
Napi::Value lloyd_objective(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), task_of(info[0]).objective); }

Napi::Value cancel_clustering(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), task_of(info[0]).cancel()); }

// (job) => message | null
Napi::Value clustering_error(const Napi::CallbackInfo& info) {
  const char* const error = task_of(info[0]).error();
  return error ? Napi::String::New(info.Env(), error) : info.Env().Null();
}

Matrix matrix_of(const Napi::Value& value, size_t dims) {
  const auto array = value.As<Napi::Float32Array>();
  return {array.Data(), array.ElementLength() / dims};
}

unsigned pool_size() { return parallel::ThreadPool::shared().size(); }

// (left, right, dims, out)
void run_products(const Napi::CallbackInfo& info) {
  const size_t dims = info[2].As<Napi::Number>().Uint32Value();
  products(matrix_of(info[0], dims), matrix_of(info[1], dims), dims, pool_size(), data_of<float>(info[3]));
}

// (left, right, dims, columns, values)
void run_greatest_products(const Napi::CallbackInfo& info) {
  const size_t dims = info[2].As<Napi::Number>().Uint32Value();
  greatest_products(matrix_of(info[0], dims), matrix_of(info[1], dims), dims, pool_size(), data_of<uint32_t>(info[3]), data_of<float>(info[4]));
}

SymmetricMatrix symmetric_matrix(const Napi::Value& value, size_t size) { return {data_of<float>(value), size}; }

// (matrix, size, count, values, vectors)
void run_leading_eigenvectors(const Napi::CallbackInfo& info) {
  const std::atomic<bool> cancelled{false};
  leading_eigenvectors(symmetric_matrix(info[0], info[1].As<Napi::Number>().Uint32Value()), info[2].As<Napi::Number>().Uint32Value(), pool_size(), &cancelled,
                       data_of<double>(info[3]), data_of<double>(info[4]));
}

// ({matrix, size, count, values, vectors}, listener) => job
Napi::Value start_leading_eigenvectors(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const SymmetricMatrix matrix = symmetric_matrix(object.Get("matrix"), size_of(object, "size"));
  const size_t count = size_of(object, "count");
  double *const values = data_of<double>(object.Get("values")), *const vectors = data_of<double>(object.Get("vectors"));
  return start(info, "merganser eigenvectors",
               [=](ClusteringTask& task) { leading_eigenvectors(matrix, count, pool_size(), task.cancelled(), values, vectors); });
}

// {values, type, offsets, mask | null}
Sequences sequences_of(const Napi::Value& value) {
  const auto object = value.As<Napi::Object>();
  const auto offsets = object.Get("offsets").As<Napi::Uint32Array>();
  return {bytes_of_array(object.Get("values")), element_type(object.Get("type").As<Napi::String>()), offsets.Data(),
          offsets.ElementLength() - 1, data_of<uint8_t>(object.Get("mask"))};
}

double row_or_none(size_t row) { return row == SIZE_MAX ? -1 : static_cast<double>(row); }

// (queries, documents, dims, out) => first unfit row of the documents | -1
Napi::Value run_max_sim(const Napi::CallbackInfo& info) {
  const size_t unfit =
      max_sim(sequences_of(info[0]), sequences_of(info[1]), info[2].As<Napi::Number>().Uint32Value(), pool_size(), nullptr, data_of<double>(info[3]));
  return Napi::Number::New(info.Env(), row_or_none(unfit));
}

// ({queries, documents, dims, threads, out, numbers}, listener) => job; numbers[0]: what run_max_sim returns
Napi::Value start_max_sim(const Napi::CallbackInfo& info) {
  const auto object = info[0].As<Napi::Object>();
  const Sequences queries = sequences_of(object.Get("queries")), documents = sequences_of(object.Get("documents"));
  const size_t dims = size_of(object, "dims");
  const unsigned threads = threads_of(object);
  double* const out = data_of<double>(object.Get("out"));
  double* const numbers = data_of<double>(object.Get("numbers"));
  return start(info, "merganser MaxSim",
               [=](ClusteringTask& task) { numbers[0] = row_or_none(max_sim(queries, documents, dims, threads, task.cancelled(), out)); });
}

// {from, points, linkage, pairs, distances, unfit}
std::function<void(const std::atomic<bool>*)> linking_of(const Napi::Object& object) {
  const CondensedDistances from{data_of<double>(object.Get("from")), size_of(object, "points")};
  const std::string name = object.Get("linkage").As<Napi::String>();
  const Linkage linkage = name == "ward" ? Linkage::ward : name == "average" ? Linkage::average : Linkage::complete;
  uint32_t* const pairs = data_of<uint32_t>(object.Get("pairs"));
  double *const heights = data_of<double>(object.Get("distances")), *const unfit = data_of<double>(object.Get("unfit"));
  return [=](const std::atomic<bool>* cancelled) { *unfit = row_or_none(link_clusters(from, linkage, cancelled, pairs, heights)); };
}

// (the same) => message | null
Napi::Value run_link_clusters(const Napi::CallbackInfo& info) {
  try {
    linking_of(info[0].As<Napi::Object>())(nullptr);
  } catch (const std::exception& error) {
    return Napi::String::New(info.Env(), error.what());
  }
  return info.Env().Null();
}

// (the same, listener) => job
Napi::Value start_link_clusters(const Napi::CallbackInfo& info) {
  return start(info, "merganser linkage", [link = linking_of(info[0].As<Napi::Object>())](ClusteringTask& task) { link(task.cancelled()); });
}

// {values: points (Float32Array) or distances (Float64Array), dims, labels, clusters, threads, widths, unfit}
std::function<void(ClusteringTask*)> silhouettes_of(const Napi::Object& object) {
  const auto values = object.Get("values").As<Napi::TypedArray>();
  const auto labels = object.Get("labels").As<Napi::Uint32Array>();
  const ClusterLabels clusters{labels.Data(), labels.ElementLength(), size_of(object, "clusters")};
  const bool points = values.TypedArrayType() == napi_float32_array;
  const bool condensed = values.ElementLength() < clusters.count * clusters.count;
  const float* const rows = points ? data_of<float>(values) : nullptr;
  const double* const distances = points ? nullptr : data_of<double>(values);
  const size_t dims = size_of(object, "dims");
  const unsigned threads = threads_of(object);
  double *const widths = data_of<double>(object.Get("widths")), *const unfit = data_of<double>(object.Get("unfit"));
  return [=](ClusteringTask* task) {
    SilhouetteControl control{threads, nullptr, nullptr};
    if (task) {
      control.cancelled = task->cancelled();
      control.progress = [=](double part) { task->iterated(static_cast<uint32_t>(part * static_cast<double>(clusters.count)), 0); };
    }
    *unfit = row_or_none(points ? silhouette_of_points(rows, dims, clusters, control, widths)
                                : silhouette_of_distances(distances, condensed, clusters, control, widths));
  };
}

// (the same) => message | null
Napi::Value run_silhouettes(const Napi::CallbackInfo& info) {
  try {
    silhouettes_of(info[0].As<Napi::Object>())(nullptr);
  } catch (const std::exception& error) {
    return Napi::String::New(info.Env(), error.what());
  }
  return info.Env().Null();
}

// (the same, listener) => job, whose progress is the number of points that are done
Napi::Value start_silhouettes(const Napi::CallbackInfo& info) {
  return start(info, "merganser silhouettes", [work = silhouettes_of(info[0].As<Napi::Object>())](ClusteringTask& task) { work(&task); });
}

}  // namespace

void register_clustering(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("startLloyd", start_lloyd);
  add("nearest", run_nearest);
  add("startNearest", start_nearest);
  add("lloydObjective", lloyd_objective);
  add("cancelClustering", cancel_clustering);
  add("clusteringError", clustering_error);
  add("products", run_products);
  add("greatestProducts", run_greatest_products);
  add("leadingEigenvectors", run_leading_eigenvectors);
  add("startLeadingEigenvectors", start_leading_eigenvectors);
  add("linkClusters", run_link_clusters);
  add("startLinkClusters", start_link_clusters);
  add("silhouettes", run_silhouettes);
  add("startSilhouettes", start_silhouettes);
  add("maxSim", run_max_sim);
  add("startMaxSim", start_max_sim);
}

}  // namespace merganser::addon
