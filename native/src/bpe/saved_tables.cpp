#include "merganser/bpe/saved_tables.hpp"

#include <algorithm>
#include <utility>

namespace merganser::bpe {
namespace {

constexpr uint64_t kMark = 0x53454C4241544D21;  // "!MTABLES"
constexpr uint32_t kCodePointPages = 0x1100;

template <typename Save>
std::vector<uint8_t> part_of(Save save) {
  io::TableWriter writer;
  save(writer);
  return writer.take();
}

}  // namespace

std::vector<uint8_t> save_tables(const Model& model, const SafeCuts* cuts, const text::Scanner* scanner) {
  const std::vector<uint8_t> parts[3] = {
      part_of([&](io::TableWriter& writer) { model.save(writer); }),
      part_of([&](io::TableWriter& writer) { if (cuts) cuts->save(writer); }),
      part_of([&](io::TableWriter& writer) {
        if (!scanner) return;
        writer.array(scanner->spec().pages.data(), scanner->spec().pages.size());
        writer.array(scanner->spec().kinds.data(), scanner->spec().kinds.size());
      }),
  };
  io::TableWriter writer;
  writer.value(kMark);
  writer.value(kTablesVersion);
  for (const auto& part : parts) writer.array(part.data(), part.size());
  return writer.take();
}

SavedTables::SavedTables(const uint8_t* bytes, size_t size) : bytes_(bytes), parts_(parts_of(io::TableReader(bytes, size))), model_(parts_[0]) {}

std::array<io::TableReader, 3> SavedTables::parts_of(io::TableReader reader) {
  io::check(reader.value<uint64_t>() == kMark && reader.value<uint64_t>() == kTablesVersion);
  const auto part = [&] {
    const uint64_t size = reader.value<uint64_t>();
    return io::TableReader(reader.bytes(size), size);
  };
  return {part(), part(), part()};
}

std::shared_ptr<Model> SavedTables::model(ModelSpec spec, SavedIndex index, SavedPairs pairs) const {
  return std::make_shared<Model>(std::move(spec), model_, std::move(index), std::move(pairs));
}

std::unique_ptr<SafeCuts> SavedTables::cuts() const {
  io::TableReader reader = parts_[1];
  return reader.empty() ? nullptr : SafeCuts::read(reader);
}

void SavedTables::scanner(text::ScannerSpec& spec) const {
  io::TableReader reader = parts_[2];
  spec.pages = reader.array<uint16_t>(kCodePointPages);
  spec.kinds = reader.array<uint8_t>(size_t{kCodePointPages} << 8);
  io::check(spec.pages.size() == kCodePointPages);
  io::check(std::all_of(spec.pages.begin(), spec.pages.end(), [&](uint16_t page) { return page < spec.kinds.size() >> 8; }));
}

}  // namespace merganser::bpe
