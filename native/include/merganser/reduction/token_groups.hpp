// Tokens in groups of similar ones, where there are some: whole groups are then out of a row's reach.
//
// A row is no more similar to a token than their angles to a common centre allow (cos (α − β)), and so a group whose tokens are all within β of its centre is passed over by rows whose angle to the centre
// is more than β and the angle of the best token so far. How well tokens are grouped decides how many are passed over, and nothing else.
#pragma once
#include <memory>
#include <vector>

#include "merganser/reduction/byte_screen.hpp"
#include "merganser/reduction/group_candidates.hpp"

namespace merganser::reduction {

class TokenGroups {
 public:
  // Groups of `right`; null if by a sample they would not keep many rows of `left` from many tokens.
  static std::unique_ptr<TokenGroups> find(const TokenRows& left, const TokenRows& right, Similarity similarity, unsigned threads);

  // The tokens, one group after the other.
  const std::vector<uint32_t>& order() const { return order_; }
  GroupsView view() const;

 private:
  TokenGroups(const TokenRows& tokens, const std::vector<uint32_t>& first_centres, unsigned threads);
  std::vector<uint32_t> nearest_centres(const TokenRows& tokens, unsigned threads);
  void move_centres(unsigned threads);
  std::vector<float> cosines_with(const std::vector<uint32_t>& group_of) const;
  void put_in_order(const std::vector<uint32_t>& group_of, const std::vector<float>& cosines);
  void measure(const std::vector<float>& cosines);

  const TokenRows& tokens_;
  const size_t dims_, count_;
  std::vector<float> centres_;
  TokenRows centre_rows_;
  std::vector<uint32_t> order_;
  // By group. begins: of its tokens in that order.
  std::vector<size_t> begins_;
  std::vector<uint32_t> first_panels_, end_panels_, first_pieces_;
  std::vector<float> cosines_, sines_;
  std::vector<float> piece_cosines_, piece_sines_;
  std::unique_ptr<ByteScreen> rounded_;  // the centres
};

}  // namespace merganser::reduction
