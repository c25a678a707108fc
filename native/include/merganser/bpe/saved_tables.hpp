// What an encoder derives from its specification, as bytes to keep in a file: the model's tables, and where the encoder has them its safe cuts and
// its scanner's characters.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merganser/bpe/model.hpp"
#include "merganser/bpe/safe_cuts.hpp"
#include "merganser/io/tables.hpp"
#include "merganser/text/scanner.hpp"

namespace merganser::bpe {

// To be raised with every change of a table's layout, of a hash or of what the tables mean.
constexpr uint64_t kTablesVersion = 4;

// null: there are none.
std::vector<uint8_t> save_tables(const Model& model, const SafeCuts* cuts, const text::Scanner* scanner);

// Bytes that `save_tables` gave, or anything else: throws io::Damaged.
class SavedTables {
 public:
  SavedTables(const uint8_t* bytes, size_t size);
  // Reads what of the model does not depend on its specification, which takes longest, before `model` asks for it.
  void read_ahead();
  // The model for the specification that the tables were derived from.
  std::shared_ptr<Model> model(ModelSpec spec);
  // null: none were kept.
  std::unique_ptr<SafeCuts> cuts() const;
  // Fills in `pages` and `kinds`.
  void scanner(text::ScannerSpec& spec) const;

 private:
  io::TableReader part(size_t number) const;
  struct Range {
    const uint8_t* bytes;
    uint64_t size;
  };
  Range parts_[3];
  std::optional<SavedModel> model_;
};

}  // namespace merganser::bpe
