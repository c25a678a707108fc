// Merging where tokens are also taken back (PickyBPE): of all merges and removals that could come next in time the first is carried out, at the leftmost
// place. A token stands at its first symbol, so that the parts of one that falls apart have places of their own. For any number of threads.
#pragma once
#include <cstdint>
#include <vector>

#include "merganser/bpe/model_spec.hpp"
#include "merganser/bpe/pair_table.hpp"

namespace merganser::bpe {

struct MergeScratch;

class EventMerger {
 public:
  explicit EventMerger(const ModelSpec& spec);
  // Merges scratch.ids (with scratch.sizes) to the end.
  void merge(MergeScratch& scratch) const;

 private:
  struct Merge {
    uint32_t time, product;
    uint32_t next;  // the next merge of the same pair
  };
  struct Removal {
    uint32_t time;
    uint32_t begin, count;  // the parts: parts_[begin, begin + count)
    uint32_t next;          // the next removal of the same token
  };
  struct Event {
    bool removes;
    uint32_t number;
  };
  class Run;

  void add_merge(uint32_t left, uint32_t right, uint32_t product, std::vector<uint32_t>& last);
  void add_removal(uint32_t token, const uint32_t* parts, uint32_t count, std::vector<uint32_t>& last);
  // When the pair merges next, or the token falls apart next, from a time on; kNone: never.
  uint32_t merge_time(uint32_t left, uint32_t right, uint32_t now) const;
  uint32_t removal_time(uint32_t token, uint32_t now) const;

  PairTable pairs_;  // to the first merge of each pair
  std::vector<Merge> merges_;
  std::vector<Removal> removals_;
  std::vector<uint32_t> first_removal_;  // by token
  std::vector<uint32_t> parts_;
  std::vector<Event> events_;            // by time
  std::vector<uint32_t> symbols_;        // of each token, how many
};

}  // namespace merganser::bpe
