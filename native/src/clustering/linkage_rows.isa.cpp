#include "merganser/clustering/linkage_rows.hpp"

#include <cmath>

#include "merganser/simd/doubles8.hpp"

namespace merganser::clustering::MERGANSER_ISA_NS {
namespace {

using simd::MERGANSER_ISA_NS::Doubles8;

// Two vectors at a time hide what one comparison waits for the one before.
constexpr size_t kLanes = 8, kBlock = 2 * kLanes;

MERGANSER_INLINE bool fits(double number, double limit) { return number >= 0 && number < limit; }

MERGANSER_INLINE Doubles8 left_of(const double* row, const double* gone, size_t at) { return Doubles8::greater(Doubles8::load(row + at), Doubles8::load(gone + at)); }

MERGANSER_INLINE double least_of(const Doubles8& numbers) {
  double lanes[kLanes];
  numbers.store(lanes);
  for (size_t lane = 1; lane < kLanes; ++lane) lanes[0] = lanes[lane] < lanes[0] ? lanes[lane] : lanes[0];
  return lanes[0];
}

// Only rounding could make a joined cluster nearer than the nearer of its halves, and what is before in a chain would not be nearest any more.
MERGANSER_INLINE void store_joined(const Doubles8& distances, const Doubles8& dx, const Doubles8& dy, double* at) {
  Doubles8::greater(distances, Doubles8::lesser(dx, dy)).store(at);
}

}  // namespace

size_t first_unfit(const double* numbers, size_t count, double limit) {
  // What fits is itself when it is held between the bounds; NaN is not.
  const Doubles8 least = Doubles8::zero(), most = Doubles8::broadcast(::nextafter(limit, 0));
  size_t at = 0;
  for (; at + kLanes <= count; at += kLanes) {
    const Doubles8 some = Doubles8::load(numbers + at);
    if (Doubles8::lesser(Doubles8::greater(some, least), most).equal_to(some) != 0xff) break;
  }
  while (at < count && fits(numbers[at], limit)) ++at;
  return at;
}

size_t least_place(const double* row, const double* gone, size_t room) {
  Doubles8 even = left_of(row, gone, 0), odd = left_of(row, gone, kLanes);
  for (size_t at = kBlock; at < room; at += kBlock) {
    even = Doubles8::lesser(left_of(row, gone, at), even);
    odd = Doubles8::lesser(left_of(row, gone, at + kLanes), odd);
  }
  const Doubles8 least = Doubles8::broadcast(least_of(Doubles8::lesser(even, odd)));
  size_t at = 0;
  unsigned found = 0;
  while (!(found = left_of(row, gone, at).equal_to(least))) at += kLanes;
  for (; !(found & 1); found >>= 1) ++at;
  return at;
}

// The order of operations is that of the TypeScript backend, without any fused ones: the results have the same bits.
void join_ward(const double* first, double* second, const double* sizes, size_t room, const JoinedPair& pair) {
  const Doubles8 nx = Doubles8::broadcast(pair.first_size), ny = Doubles8::broadcast(pair.second_size), apart = Doubles8::broadcast(pair.distance);
  for (size_t at = 0; at < room; at += kLanes) {
    const Doubles8 n = Doubles8::load(sizes + at), dx = Doubles8::load(first + at), dy = Doubles8::load(second + at);
    const Doubles8 square = ((n + nx) * dx * dx + (n + ny) * dy * dy - n * apart * apart) / (n + nx + ny);
    store_joined(Doubles8::greater(square, Doubles8::zero()).root(), dx, dy, second + at);
  }
}

void join_average(const double* first, double* second, const double*, size_t room, const JoinedPair& pair) {
  const Doubles8 nx = Doubles8::broadcast(pair.first_size), ny = Doubles8::broadcast(pair.second_size);
  for (size_t at = 0; at < room; at += kLanes) {
    const Doubles8 dx = Doubles8::load(first + at), dy = Doubles8::load(second + at);
    store_joined((nx * dx + ny * dy) / (nx + ny), dx, dy, second + at);
  }
}

void join_complete(const double* first, double* second, const double*, size_t room, const JoinedPair&) {
  for (size_t at = 0; at < room; at += kLanes) Doubles8::greater(Doubles8::load(first + at), Doubles8::load(second + at)).store(second + at);
}

}  // namespace merganser::clustering::MERGANSER_ISA_NS
