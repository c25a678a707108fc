// The kinds of all characters, made from the runs of code points that have one general category.
#pragma once
#include <cstdint>
#include <vector>

namespace merganser::text {

// As the members of ScannerSpec.
struct CharacterKinds {
  std::vector<uint16_t> pages;
  std::vector<uint8_t> kinds;
};

// `runs`: for each run its length and the number of its category, both as varints of 7 bits a byte, low bits first. `kind_of`: the kind of each category.
// Throws std::invalid_argument for runs that do not cover all code points.
CharacterKinds character_kinds(const std::vector<uint8_t>& runs, const std::vector<uint8_t>& kind_of);

}  // namespace merganser::text
