#include "merganser/text/pattern_backtracker.hpp"

#include <algorithm>
#include <new>

namespace merganser::text {
namespace {

// Entries of the stack are four numbers: the address of code to go on at, or one of these kinds, and three values.
constexpr size_t kEntry = 4;
constexpr int64_t kRestore = -1;   // register, old value
constexpr int64_t kGiveBack = -2;  // code, position, least position: a greedy loop that can give back one more character
constexpr int64_t kTakeMore = -3;  // code of the loop, position, how many more it may take (-1: no limit)
// Steps between two questions whether to give up.
constexpr uint64_t kHeard = uint64_t{1} << 18;
constexpr size_t kMaxStack = size_t{1} << 27;

constexpr int kOperands[] = {0, 0, 1, 1, 1, 1, 1, 3, 3, 3, 1, 2, 2, 1, 1, 1, 1, 2, 1, 1, 1, 0, 1};

}  // namespace

PatternBacktracker::PatternBacktracker(const PatternProgram& program) : program_(program) {
  const auto& code = program_.code;
  for (size_t pc = 0; pc < code.size(); pc += 1 + static_cast<size_t>(kOperands[code[pc]])) {
    size_t highest = 0;
    switch (static_cast<PatternOp>(code[pc])) {
      case PatternOp::capture:
        highest = static_cast<size_t>(std::max(code[pc + 1], code[pc + 2] + 1)) + 1;
        break;
      case PatternOp::save:
      case PatternOp::jump_if_empty:
      case PatternOp::atomic_begin:
      case PatternOp::atomic_end:
      case PatternOp::look_begin:
      case PatternOp::look_end:
      case PatternOp::not_begin:
      case PatternOp::not_end:
      case PatternOp::at_look_start:
      case PatternOp::back_reference:
        highest = static_cast<size_t>(code[pc + 1]) + 2;
        break;
      default:
        break;
    }
    registers_ = std::max(registers_, highest);
  }
}

struct PatternBacktracker::Run {
  const PatternBacktracker& machine;
  const uint8_t* text;
  size_t size;
  size_t search_start;
  PatternScratch& scratch;
  std::vector<int64_t>& stack = scratch.stack;
  std::vector<int64_t>& registers = scratch.registers;
  size_t position = 0;
  uint32_t retries = 0;

  bool in_set(int32_t set, uint32_t character_class) const { return machine.program_.in_set(set, character_class); }
  uint32_t class_at(size_t at) const { return machine.program_.class_of(decode(text + at).value); }
  void took(size_t steps) {
    scratch.steps += steps;
    if (scratch.steps - scratch.heard < kHeard) return;
    scratch.heard = scratch.steps;
    if (scratch.stop && scratch.stop(scratch.stop_context)) throw PatternStopped();
    if (scratch.steps > kMaxSearchSteps) throw TooManySteps();
  }
  void push(int64_t kind, int64_t a, int64_t b, int64_t c) {
    if (stack.size() >= kMaxStack) throw std::bad_alloc();
    stack.insert(stack.end(), {kind, a, b, c});
  }
  void assign(int32_t number, int64_t value) {
    push(kRestore, number, registers[static_cast<size_t>(number)], 0);
    registers[static_cast<size_t>(number)] = value;
  }
  // Forgets the alternatives above a height, but not what to restore if backtracking goes below it.
  void cut(size_t to) {
    size_t kept = to;
    for (size_t entry = to; entry < stack.size(); entry += kEntry) {
      if (stack[entry] != kRestore) continue;
      std::copy_n(stack.begin() + static_cast<ptrdiff_t>(entry), kEntry, stack.begin() + static_cast<ptrdiff_t>(kept));
      kept += kEntry;
    }
    stack.resize(kept);
  }
  // Restores what was assigned above a height.
  void unwind(size_t to) {
    while (stack.size() > to) {
      const size_t entry = stack.size() - kEntry;
      if (stack[entry] == kRestore) registers[static_cast<size_t>(stack[entry + 1])] = stack[entry + 2];
      stack.resize(entry);
    }
  }
  // Reads between `min` and `max` (-1: no limit) characters of the set, as many as there are; leaves in `position` where the minimum ends.
  size_t loop(size_t start, int32_t set, int32_t min, int32_t max) {
    size_t at = start;
    int32_t count = 0;
    position = start;
    // Without a limit no count is needed beyond the minimum, which keeps it from overflowing.
    while (count != max && at < size && in_set(set, class_at(at))) {
      at += sequence_size(text[at]);
      if (count < min || max >= 0) {
        if (++count == min) position = at;
      }
    }
    took(at - start);
    return count < min ? kNoMatch : at;
  }
  size_t repeated(size_t at, int32_t number) const {
    const int64_t start = registers[static_cast<size_t>(number)], end = registers[static_cast<size_t>(number) + 1];
    if (start < 0 || end < 0) return kNoMatch;
    const size_t length = static_cast<size_t>(end - start);
    if (length > size - at || !std::equal(text + start, text + end, text + at)) return kNoMatch;
    return at + length;
  }
  // The code to go on with, its position in `position`; -1 if nothing is left to try.
  int64_t backtrack() {
    while (!stack.empty()) {
      const size_t entry = stack.size() - kEntry;
      const int64_t kind = stack[entry];
      if (kind >= 0) {
        position = static_cast<size_t>(stack[entry + 1]);
        stack.resize(entry);
        return kind;
      }
      if (kind == kRestore) {
        registers[static_cast<size_t>(stack[entry + 1])] = stack[entry + 2];
      } else if (kind == kGiveBack) {
        const int64_t target = stack[entry + 1];
        position = previous_start(text, static_cast<size_t>(stack[entry + 2]));
        stack[entry + 2] = static_cast<int64_t>(position);
        if (static_cast<int64_t>(position) <= stack[entry + 3]) stack.resize(entry);
        return target;
      } else if (const int64_t target = take_more(entry); target >= 0) {
        return target;
      }
      stack.resize(entry);
    }
    return -1;
  }
  int64_t take_more(size_t entry) {
    const int64_t code = stack[entry + 1];
    const size_t at = static_cast<size_t>(stack[entry + 2]);
    const int32_t set = machine.program_.code[static_cast<size_t>(code) + 1];
    if (stack[entry + 3] == 0 || at >= size || !in_set(set, class_at(at))) return -1;
    position = at + sequence_size(text[at]);
    stack[entry + 2] = static_cast<int64_t>(position);
    if (stack[entry + 3] > 0) --stack[entry + 3];
    return code + 4;
  }
  size_t run(size_t start);
};

size_t PatternBacktracker::Run::run(size_t start) {
  const int32_t* const code = machine.program_.code.data();
  int64_t pc = 0;
  size_t at = start;
  const auto value_of = [&](int32_t number) { return registers[static_cast<size_t>(number)]; };
  for (;;) {
    bool failed = false;
    const int32_t* const operand = code + pc + 1;
    switch (static_cast<PatternOp>(code[pc])) {
      case PatternOp::match:
        return at;
      case PatternOp::fail:
        failed = true;
        break;
      case PatternOp::set:
        failed = at >= size || !in_set(operand[0], class_at(at));
        if (!failed) at += sequence_size(text[at]);
        pc += 2;
        break;
      case PatternOp::after:
        failed = !in_set(operand[0], machine.program_.class_after(text, at, size));
        pc += 2;
        break;
      case PatternOp::before:
        failed = !in_set(operand[0], machine.program_.class_before(text, at));
        pc += 2;
        break;
      case PatternOp::jump:
        pc = operand[0];
        break;
      case PatternOp::split:
        push(operand[0], static_cast<int64_t>(at), 0, 0);
        pc += 2;
        break;
      case PatternOp::loop_greedy:
      case PatternOp::loop_possessive: {
        const size_t end = loop(at, operand[0], operand[1], operand[2]);
        failed = end == kNoMatch;
        if (failed) break;
        at = end;
        if (static_cast<PatternOp>(code[pc]) == PatternOp::loop_greedy && at > position) {
          push(kGiveBack, pc + 4, static_cast<int64_t>(at), static_cast<int64_t>(position));
        }
        pc += 4;
        break;
      }
      case PatternOp::loop_lazy: {
        const int32_t min = operand[1], max = operand[2];
        const size_t end = loop(at, operand[0], min, min);
        failed = end == kNoMatch;
        if (failed) break;
        at = end;
        if (max != min) push(kTakeMore, pc, static_cast<int64_t>(at), max < 0 ? -1 : max - min);
        pc += 4;
        break;
      }
      case PatternOp::save:
        assign(operand[0], static_cast<int64_t>(at));
        pc += 2;
        break;
      case PatternOp::capture:
        assign(operand[1], value_of(operand[0]));
        assign(operand[1] + 1, static_cast<int64_t>(at));
        pc += 3;
        break;
      case PatternOp::jump_if_empty:
        pc = value_of(operand[0]) == static_cast<int64_t>(at) ? operand[1] : pc + 3;
        break;
      case PatternOp::atomic_begin:
        registers[static_cast<size_t>(operand[0])] = static_cast<int64_t>(stack.size());
        pc += 2;
        break;
      case PatternOp::atomic_end:
        cut(static_cast<size_t>(value_of(operand[0])));
        pc += 2;
        break;
      case PatternOp::look_begin:
      case PatternOp::not_begin: {
        const bool negative = static_cast<PatternOp>(code[pc]) == PatternOp::not_begin;
        registers[static_cast<size_t>(operand[0])] = static_cast<int64_t>(stack.size());
        registers[static_cast<size_t>(operand[0]) + 1] = static_cast<int64_t>(at);
        if (negative) push(operand[1], static_cast<int64_t>(at), 0, 0);
        pc += negative ? 3 : 2;
        break;
      }
      case PatternOp::look_end:
        cut(static_cast<size_t>(value_of(operand[0])));
        at = static_cast<size_t>(value_of(operand[0] + 1));
        pc += 2;
        break;
      case PatternOp::not_end:
        unwind(static_cast<size_t>(value_of(operand[0])));
        failed = true;
        break;
      case PatternOp::step_back:
        for (int32_t n = operand[0]; n > 0 && !failed; --n) {
          failed = at == 0;
          if (!failed) at = previous_start(text, at);
        }
        pc += 2;
        break;
      case PatternOp::at_look_start:
        failed = value_of(operand[0] + 1) != static_cast<int64_t>(at);
        pc += 2;
        break;
      case PatternOp::at_search_start:
        failed = at != search_start;
        pc += 1;
        break;
      case PatternOp::back_reference: {
        const size_t end = repeated(at, operand[0]);
        failed = end == kNoMatch;
        at = end;
        pc += 2;
        break;
      }
    }
    if (!failed) continue;
    if (++retries > kMaxRetries) throw TooManySteps();
    took(1);
    pc = backtrack();
    if (pc < 0) return kNoMatch;
    at = position;
  }
}

size_t PatternBacktracker::match_end(const uint8_t* text, size_t size, size_t start, size_t search_start, PatternScratch& scratch) const {
  scratch.stack.clear();
  scratch.registers.assign(registers_, -1);
  return Run{*this, text, size, search_start, scratch}.run(start);
}

}  // namespace merganser::text
