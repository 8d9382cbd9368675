// Finding: an NFA simulation over (state set, position), and the division of a match among groups.
#include <algorithm>
#include <map>

#include "common/sql_error.h"
#include "node.h"
#include "types/utf8.h"

namespace varve::functions::regex {

Subject::Subject(std::string_view t) : text(t) {
  chars.reserve(t.size());
  offsets.reserve(t.size() + 1);
  for (size_t at = 0; at < t.size();) {
    offsets.push_back(static_cast<uint32_t>(at));
    chars.push_back(types::utf8_next(t, at));
  }
  offsets.push_back(static_cast<uint32_t>(t.size()));
}

// Instructions of the simulation. A back reference is taken for "anything"; the division checks it.
struct Op {
  enum class Code : uint8_t { kSet, kAny, kSplit, kJump, kCheck, kAccept } code;
  const Node* node = nullptr;
  uint32_t a = 0, b = 0;
};
struct Program {
  std::vector<Op> ops;
};

namespace {

constexpr size_t kMaxOps = 100'000;

class Compiler {
 public:
  explicit Compiler(Program& p) : ops_(p.ops) {}

  void add(const Node& n) {
    switch (n.kind) {
      case Node::Kind::kEmpty:
        break;
      case Node::Kind::kSet:
        emit({Op::Code::kSet, &n});
        break;
      case Node::Kind::kAssert:
      case Node::Kind::kLook:
        emit({Op::Code::kCheck, &n});
        break;
      case Node::Kind::kGroup:
      case Node::Kind::kCat:
        for (const auto& c : n.children) add(*c);
        break;
      case Node::Kind::kAlt:
        alternatives(n);
        break;
      case Node::Kind::kRepeat:
        repeat(*n.children[0], n.min, n.max);
        break;
      case Node::Kind::kBackref: {
        uint32_t split = emit({Op::Code::kSplit});
        emit({Op::Code::kAny});
        emit({Op::Code::kJump, nullptr, split});
        ops_[split].a = split + 1;
        ops_[split].b = here();
        break;
      }
    }
  }
  void repeat(const Node& child, int32_t min, int32_t max) {
    for (int32_t i = 0; i < min; ++i) add(child);
    if (max < 0) {
      uint32_t split = emit({Op::Code::kSplit});
      add(child);
      emit({Op::Code::kJump, nullptr, split});
      ops_[split].a = split + 1;
      ops_[split].b = here();
      return;
    }
    std::vector<uint32_t> splits;
    for (int32_t i = min; i < max; ++i) {
      splits.push_back(emit({Op::Code::kSplit}));
      ops_[splits.back()].a = here();
      add(child);
    }
    for (uint32_t s : splits) ops_[s].b = here();
  }
  void accept() { emit({Op::Code::kAccept}); }

 private:
  uint32_t here() const { return static_cast<uint32_t>(ops_.size()); }
  uint32_t emit(Op op) {
    if (ops_.size() >= kMaxOps) {
      throw SqlError(sqlstate::kInvalidRegularExpression,
                     "invalid regular expression: regular expression is too complex");
    }
    ops_.push_back(op);
    return here() - 1;
  }
  void alternatives(const Node& n) {
    std::vector<uint32_t> jumps;
    for (size_t i = 0; i < n.children.size(); ++i) {
      bool last = i + 1 == n.children.size();
      uint32_t split = last ? 0 : emit({Op::Code::kSplit});
      if (!last) ops_[split].a = here();
      add(*n.children[i]);
      if (!last) {
        jumps.push_back(emit({Op::Code::kJump}));
        ops_[split].b = here();
      }
    }
    for (uint32_t j : jumps) ops_[j].a = here();
  }
  std::vector<Op>& ops_;
};

bool is_word(const Subject& s, int32_t at, bool unicode) {
  if (at < 0 || at >= s.size()) return false;
  return in_class(s.chars[static_cast<size_t>(at)], CharClass::kWord, unicode);
}

}  // namespace

class Machine {
 public:
  Machine(const Node& root, bool unicode) : root_(root), unicode_(unicode) {}

  const Program& program(const Node& n, size_t from_child = 0) {
    std::unique_ptr<Program>& p = programs_[{&n, from_child}];
    if (!p) {
      p = std::make_unique<Program>();
      Compiler c(*p);
      if (from_child == 0) {
        c.add(n);
      } else {
        for (size_t i = from_child; i < n.children.size(); ++i) c.add(*n.children[i]);
      }
      c.accept();
    }
    return *p;
  }
  const Program& repeat_program(const Node& n, int32_t min, int32_t max) {
    std::unique_ptr<Program>& p = repeats_[{&n, {min, max}}];
    if (!p) {
      p = std::make_unique<Program>();
      Compiler c(*p);
      c.repeat(*n.children[0], min, max);
      c.accept();
    }
    return *p;
  }

  enum class Want { kFirst, kLast, kAll, kAnywhere };

  // Where matches beginning at `from` and ending at or before `limit` end; sorted. kAnywhere: one may begin
  // at any place, and the answer is whether there is one.
  std::vector<int32_t> ends(const Program& p, const Subject& s, int32_t from, int32_t limit, Want want) {
    std::vector<uint32_t> now, next;
    std::vector<uint32_t> mark(p.ops.size(), 0);
    uint32_t generation = 0;
    std::vector<int32_t> out;
    bool accepted = false;
    ++generation;
    follow(p, s, 0, from, now, mark, generation, &accepted);
    for (int32_t at = from;; ++at) {
      if (accepted) {
        if (want == Want::kLast)
          out.assign(1, at);
        else
          out.push_back(at);
        if (want == Want::kFirst || want == Want::kAnywhere) return out;
      }
      if (at >= limit) break;
      if (now.empty() && want != Want::kAnywhere) break;
      accepted = false;
      next.clear();
      ++generation;
      uint32_t c = s.chars[static_cast<size_t>(at)];
      for (uint32_t pc : now) {
        const Op& op = p.ops[pc];
        if (op.code == Op::Code::kAny || op.node->matches_char(c)) {
          follow(p, s, pc + 1, at + 1, next, mark, generation, &accepted);
        }
      }
      if (want == Want::kAnywhere) follow(p, s, 0, at + 1, next, mark, generation, &accepted);
      std::swap(now, next);
    }
    return out;
  }
  bool reaches(const Program& p, const Subject& s, int32_t from, int32_t to) {
    std::vector<int32_t> e = ends(p, s, from, to, Want::kLast);
    return !e.empty() && e[0] == to;
  }

  // --- division of [from, to] among the parts of n; groups are set on the way.
  bool divide(const Node& n, const Subject& s, int32_t from, int32_t to, std::vector<Span>& groups) {
    if (!n.captures) return true;
    switch (n.kind) {
      case Node::Kind::kGroup: {
        if (!divide(*n.children[0], s, from, to, groups)) return false;
        if (n.group != 0) groups[n.group] = {from, to};
        return true;
      }
      case Node::Kind::kCat:
        return divide_cat(n, 0, s, from, to, groups);
      case Node::Kind::kAlt:
        for (const auto& c : n.children) {
          std::vector<Span> saved = groups;
          if (reaches(program(*c), s, from, to) && divide(*c, s, from, to, groups)) return true;
          groups = std::move(saved);
        }
        return false;
      case Node::Kind::kRepeat:
        if (n.min == 0) {
          // At least one round if that is possible, even an empty one.
          std::vector<Span> saved = groups;
          if (n.max != 0 && divide_repeat(n, 1, n.max, s, from, to, groups)) return true;
          groups = std::move(saved);
          return from == to;
        }
        if (!n.references) return divide_last(n, s, from, to, groups);
        return divide_repeat(n, n.min, n.max, s, from, to, groups);
      case Node::Kind::kBackref:
        return same(groups[n.group], s, from, to, n);
      default:
        return true;
    }
  }

 private:
  static bool same(Span group, const Subject& s, int32_t from, int32_t to, const Node& n) {
    if (group.begin < 0 || group.end - group.begin != to - from) return false;
    for (int32_t i = 0; i < to - from; ++i) {
      uint32_t a = s.chars[static_cast<size_t>(group.begin + i)], b = s.chars[static_cast<size_t>(from + i)];
      if (a == b) continue;
      if (!n.set.fold || fold_char(a, n.set.unicode, false) != fold_char(b, n.set.unicode, false))
        return false;
    }
    return true;
  }

  std::vector<int32_t> candidates(const Node& n, const Subject& s, int32_t from, int32_t to) {
    std::vector<int32_t> e = ends(program(n), s, from, to, Want::kAll);
    if (n.prefer != Prefer::kShorter) std::reverse(e.begin(), e.end());
    return e;
  }

  bool divide_cat(const Node& n, size_t child, const Subject& s, int32_t from, int32_t to,
                  std::vector<Span>& groups) {
    if (child == n.children.size()) return from == to;
    const Node& c = *n.children[child];
    if (child + 1 == n.children.size()) {
      return reaches(program(c), s, from, to) && divide(c, s, from, to, groups);
    }
    for (int32_t middle : candidates(c, s, from, to)) {
      if (!reaches(program(n, child + 1), s, middle, to)) continue;
      std::vector<Span> saved = groups;
      if (divide(c, s, from, middle, groups) && divide_cat(n, child + 1, s, middle, to, groups)) return true;
      groups = std::move(saved);
    }
    return false;
  }

  // Groups show the last round. As PostgreSQL, the rounds before take what they can by the quantifier's
  // preference, even all there is, so that the last may be empty.
  bool divide_last(const Node& n, const Subject& s, int32_t from, int32_t to, std::vector<Span>& groups) {
    const Node& c = *n.children[0];
    int32_t rest_min = std::max(n.min - 1, 0), rest_max = n.max < 0 ? -1 : n.max - 1;
    std::vector<int32_t> e = ends(repeat_program(n, rest_min, rest_max), s, from, to, Want::kAll);
    if (n.prefer != Prefer::kShorter) std::reverse(e.begin(), e.end());
    for (int32_t middle : e) {
      if (!reaches(program(c), s, middle, to)) continue;
      std::vector<Span> saved = groups;
      if (divide(c, s, middle, to, groups)) return true;
      groups = std::move(saved);
    }
    return false;
  }

  bool divide_repeat(const Node& n, int32_t min, int32_t max, const Subject& s, int32_t from, int32_t to,
                     std::vector<Span>& groups) {
    if (from == to && min == 0) return true;
    if (max == 0) return from == to;
    const Node& c = *n.children[0];
    int32_t rest_min = std::max(min - 1, 0), rest_max = max < 0 ? -1 : max - 1;
    std::vector<int32_t> e = ends(program(c), s, from, to, Want::kAll);
    bool longest = n.prefer == Prefer::kShorter ? false : true;
    if (c.prefer == Prefer::kShorter && n.min == n.max) longest = false;
    if (longest) std::reverse(e.begin(), e.end());
    for (int32_t middle : e) {
      if (middle == from && from != to) continue;  // an empty round gains nothing
      if (!reaches(repeat_program(n, rest_min, rest_max), s, middle, to)) continue;
      std::vector<Span> saved = groups;
      if (divide(c, s, from, middle, groups) && divide_repeat(n, rest_min, rest_max, s, middle, to, groups)) {
        return true;
      }
      groups = std::move(saved);
    }
    return false;
  }

  void follow(const Program& p, const Subject& s, uint32_t start, int32_t at, std::vector<uint32_t>& out,
              std::vector<uint32_t>& mark, uint32_t generation, bool* accepted) {
    stack_.push_back(start);
    size_t base = stack_.size() - 1;
    while (stack_.size() > base) {
      uint32_t pc = stack_.back();
      stack_.pop_back();
      if (mark[pc] == generation) continue;
      mark[pc] = generation;
      const Op& op = p.ops[pc];
      switch (op.code) {
        case Op::Code::kSet:
        case Op::Code::kAny:
          out.push_back(pc);
          break;
        case Op::Code::kSplit:
          stack_.push_back(op.b);
          stack_.push_back(op.a);
          break;
        case Op::Code::kJump:
          stack_.push_back(op.a);
          break;
        case Op::Code::kCheck:
          if (holds(*op.node, s, at)) stack_.push_back(pc + 1);
          break;
        case Op::Code::kAccept:
          *accepted = true;
          break;
      }
    }
  }

  bool holds(const Node& n, const Subject& s, int32_t at) {
    if (n.kind == Node::Kind::kLook) return look(n, s, at);
    bool before = is_word(s, at - 1, unicode_), after = is_word(s, at, unicode_);
    switch (n.assertion) {
      case Assert::kTextStart:
        return at == 0;
      case Assert::kTextEnd:
        return at == s.size();
      case Assert::kLineStart:
        return at == 0 || s.chars[static_cast<size_t>(at - 1)] == '\n';
      case Assert::kLineEnd:
        return at == s.size() || s.chars[static_cast<size_t>(at)] == '\n';
      case Assert::kWordStart:
        return !before && after;
      case Assert::kWordEnd:
        return before && !after;
      case Assert::kWordEdge:
        return before != after;
      case Assert::kNotEdge:
        return before == after;
    }
    return false;
  }
  bool look(const Node& n, const Subject& s, int32_t at) {
    const Program& p = program(*n.children[0]);
    // follow() is not reentrant over its stack, so the lookaround runs on a machine of its own.
    Machine inner(root_, unicode_);
    bool found = false;
    if (!n.behind) {
      found = !inner.ends(p, s, at, s.size(), Want::kFirst).empty();
    } else {
      for (int32_t from = at; from >= 0 && !found; --from) found = inner.reaches(p, s, from, at);
    }
    return found != n.negative;
  }

  const Node& root_;
  bool unicode_;
  std::vector<uint32_t> stack_;
  std::map<std::pair<const Node*, size_t>, std::unique_ptr<Program>> programs_;
  std::map<std::pair<const Node*, std::pair<int32_t, int32_t>>, std::unique_ptr<Program>> repeats_;
};

Regex::Regex(std::string_view pattern, Flags flags) {
  Parsed parsed = parse(pattern, flags);
  root_ = std::move(parsed.root);
  groups_ = parsed.groups;
  backrefs_ = parsed.backrefs;
  flags_ = parsed.flags;
  shortest_ = root_->prefer == Prefer::kShorter;
  machine_ = std::make_unique<Machine>(*root_, flags_.unicode);
}
Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;

bool Regex::matches(std::string_view text) const {
  Subject subject(text);
  if (backrefs_) {
    std::vector<Span> groups;
    return find(subject, 0, &groups);
  }
  return !machine_->ends(machine_->program(*root_), subject, 0, subject.size(), Machine::Want::kAnywhere)
              .empty();
}

bool Regex::find(const Subject& subject, int32_t from, std::vector<Span>* groups) const {
  const Program& whole = machine_->program(*root_);
  using Want = Machine::Want;
  // One pass tells whether to look for the beginning at all.
  if (machine_->ends(whole, subject, from, subject.size(), Want::kAnywhere).empty()) return false;
  for (int32_t start = from; start <= subject.size(); ++start) {
    Want want = backrefs_ ? Want::kAll : shortest_ ? Want::kFirst : Want::kLast;
    std::vector<int32_t> ends = machine_->ends(whole, subject, start, subject.size(), want);
    if (!shortest_) std::reverse(ends.begin(), ends.end());
    for (int32_t end : ends) {
      groups->assign(groups_ + 1, Span{});
      if (!machine_->divide(*root_, subject, start, end, *groups)) continue;
      (*groups)[0] = {start, end};
      return true;
    }
  }
  return false;
}

}  // namespace varve::functions::regex
