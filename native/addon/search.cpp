// Vector indexes: views of arrays that JavaScript keeps, and searches of them, at once or as jobs (see task.hpp).
#include <napi.h>

#include "array_bytes.hpp"
#include "merganser/parallel/thread_pool.hpp"
#include "merganser/search/search_lists.hpp"
#include "merganser/search/store_rows.hpp"
#include "shared_objects.hpp"
#include "task.hpp"

namespace merganser::addon {
namespace {

using namespace search;

template <typename T>
T* data_of(const Napi::Value& value) {
  return value.IsTypedArray() ? static_cast<T*>(value.As<Napi::TypedArrayOf<T>>().Data()) : nullptr;
}

size_t length_of(const Napi::Value& value) { return value.As<Napi::TypedArray>().ElementLength(); }

size_t size_of(const Napi::Object& object, const char* name) { return static_cast<size_t>(object.Get(name).As<Napi::Number>().Int64Value()); }

unsigned threads_of(const Napi::Object& object) {
  const size_t wanted = size_of(object, "threads");
  return wanted == 0 ? parallel::ThreadPool::shared().size() : static_cast<unsigned>(wanted);
}

SlotRows read_rows(const Napi::Object& rows) {
  const std::string type = rows.Get("type").As<Napi::String>();
  const RowType known = type == "float32" ? RowType::float32 : type == "float16" ? RowType::float16 : type == "bfloat16" ? RowType::bfloat16 : RowType::int8;
  return {bytes_of_array(rows.Get("data")), known, data_of<float>(rows.Get("scales"))};
}

// (spec) => view
Napi::Value create_search_view(const Napi::CallbackInfo& info) {
  const auto spec = info[0].As<Napi::Object>();
  auto view = std::make_shared<SearchView>();
  view->dims = size_of(spec, "dims");
  view->kind = spec.Get("score").As<Napi::String>().Utf8Value() == "l2" ? ScoreKind::l2 : ScoreKind::dot;
  view->rows = read_rows(spec.Get("rows").As<Napi::Object>());
  view->ids = data_of<uint32_t>(spec.Get("ids"));
  view->pages = data_of<uint32_t>(spec.Get("pages"));
  view->page_offsets = data_of<uint32_t>(spec.Get("pageOffsets"));
  view->sizes = data_of<uint32_t>(spec.Get("sizes"));
  view->lists = length_of(spec.Get("sizes"));
  if (spec.Get("centroids").IsObject()) {
    const auto centroids = spec.Get("centroids").As<Napi::Object>();
    view->centroids = {data_of<float>(centroids.Get("data")), read_rows(centroids.Get("rows").As<Napi::Object>()), data_of<float>(centroids.Get("biases")),
                       data_of<float>(centroids.Get("spreads"))};
  }
  if (spec.Get("codes").IsObject()) {
    const auto codes = spec.Get("codes").As<Napi::Object>();
    view->codes = {data_of<uint8_t>(codes.Get("bits")), data_of<float>(codes.Get("factors")), data_of<float>(codes.Get("centre")),
                   data_of<float>(codes.Get("signs")), length_of(codes.Get("signs")) / view->dims};
  }
  if (spec.Get("exact").IsObject()) {
    const auto exact = spec.Get("exact").As<Napi::Object>();
    view->exact = read_rows(exact.Get("rows").As<Napi::Object>());
    view->exact_by_id = exact.Get("byId").ToBoolean();
  }
  return handle_on(info.Env(), view);
}

SearchCall read_call(const Napi::Object& call, size_t dims) {
  const Napi::Value queries = call.Get("queries");
  return {data_of<float>(queries),
          length_of(queries) / dims,
          size_of(call, "k"),
          size_of(call, "probes"),
          data_of<uint32_t>(call.Get("mask")),
          size_of(call, "candidates"),
          call.Get("confidence").As<Napi::Number>().FloatValue(),
          threads_of(call),
          nullptr};
}

SearchOutput read_output(const Napi::Object& out) {
  return {data_of<uint32_t>(out.Get("ids")), data_of<float>(out.Get("scores")), data_of<uint32_t>(out.Get("counts"))};
}

// (view, call, out)
void run_search(const Napi::CallbackInfo& info) {
  const SearchView& view = shared_of<SearchView>(info[0]);
  search_lists(view, read_call(info[1].As<Napi::Object>(), view.dims), read_output(info[2].As<Napi::Object>()));
}

// Progress is the number of points stored.
class SearchTask final : public Task {
 public:
  using Work = std::function<void(SearchTask&)>;
  SearchTask(Napi::Env env, const char* name, const Napi::Value& listener, const Napi::Object& keep_alive, Work work)
      : Task(env, name, listener, keep_alive), work_(std::move(work)) {}
  const std::atomic<bool>* cancelled() const { return &cancelled_; }
  bool stored(size_t points) {
    points_ = points;
    return goes_on();
  }

 private:
  void work() override { work_(*this); }
  double progress() const override { return static_cast<double>(points_); }
  std::atomic<size_t> points_{0};
  Work work_;
};

Napi::Object both(const Napi::CallbackInfo& info, const Napi::Value& first, const Napi::Value& second) {
  auto array = Napi::Array::New(info.Env(), 3);
  array.Set(uint32_t{0}, first);
  array.Set(uint32_t{1}, second);
  array.Set(uint32_t{2}, info[0]);
  return array;
}

// (view, call, out, listener) => job
Napi::Value start_search(const Napi::CallbackInfo& info) {
  const auto view = pointer_of<SearchView>(info[0]);
  SearchCall call = read_call(info[1].As<Napi::Object>(), view->dims);
  const SearchOutput out = read_output(info[2].As<Napi::Object>());
  return start(info.Env(), std::make_shared<SearchTask>(info.Env(), "merganser search", info[3], both(info, info[1], info[2]),
                                                        [view, call, out](SearchTask& task) mutable {
                                                          call.cancelled = task.cancelled();
                                                          search_lists(*view, call, out);
                                                        }));
}

// (view, call, keep alive, listener) => job
Napi::Value start_storing(const Napi::CallbackInfo& info) {
  const auto view = pointer_of<SearchView>(info[0]);
  const auto call = info[1].As<Napi::Object>();
  const auto points = call.Get("points").As<Napi::Object>();
  const std::string type = points.Get("type").As<Napi::String>();
  using clustering::ElementType;
  const ElementType element = type == "float16" ? ElementType::float16 : type == "bfloat16" ? ElementType::bfloat16 : ElementType::float32;
  const StoreSpec spec{{bytes_of_array(points.Get("data")), element, view->dims, nullptr, nullptr},
                       size_of(points, "count"),
                       data_of<uint32_t>(points.Get("rows")),
                       data_of<uint32_t>(call.Get("slots")),
                       data_of<uint32_t>(call.Get("lists")),
                       call.Get("unitLength").ToBoolean(),
                       threads_of(call)};
  return start(info.Env(), std::make_shared<SearchTask>(info.Env(), "merganser store vectors", info[3], both(info, call, info[2]),
                                                        [view, spec](SearchTask& task) {
                                                          store_rows(*view, spec, [&](size_t done) { return task.stored(done); });
                                                        }));
}

}  // namespace

void register_search(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) { exports.Set(name, Napi::Function::New(env, function, name)); };
  add("createSearchView", create_search_view);
  add("searchLists", run_search);
  add("startSearch", start_search);
  add("startStoring", start_storing);
}

}  // namespace merganser::addon
