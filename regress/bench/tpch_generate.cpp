// Data of the TPC-H benchmark in COPY's text format: the distributions of the specification (revision 3,
// clause 4.2.3), generated from a seed of our own. The same arguments give the same bytes.
//
//   tpch_generate SCALE DIRECTORY     writes DIRECTORY/<table>.tbl, tab-separated
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

// SplitMix64 (Steele et al. 2014): every row has its own stream, so that tables do not depend on each other.
class Random {
 public:
  Random(uint64_t table, uint64_t row) : state_(table * 0x9E3779B97F4A7C15ULL ^ row * 0xD1B54A32D192ED03ULL) {
    next();
  }
  int64_t in(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1));
  }
  template <class List>
  auto pick(const List& list) {
    return list[static_cast<size_t>(in(0, static_cast<int64_t>(std::size(list)) - 1))];
  }

 private:
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  uint64_t state_;
};

using View = std::string_view;

constexpr std::array<View, 92> kColors{
    "almond",    "antique",    "aquamarine", "azure",     "beige",     "bisque",     "black",     "blanched",
    "blue",      "blush",      "brown",      "burlywood", "burnished", "chartreuse", "chiffon",   "chocolate",
    "coral",     "cornflower", "cornsilk",   "cream",     "cyan",      "dark",       "deep",      "dim",
    "dodger",    "drab",       "firebrick",  "floral",    "forest",    "frosted",    "gainsboro", "ghost",
    "goldenrod", "green",      "grey",       "honeydew",  "hot",       "indian",     "ivory",     "khaki",
    "lace",      "lavender",   "lawn",       "lemon",     "light",     "lime",       "linen",     "magenta",
    "maroon",    "medium",     "metallic",   "midnight",  "mint",      "misty",      "moccasin",  "navajo",
    "navy",      "olive",      "orange",     "orchid",    "pale",      "papaya",     "peach",     "peru",
    "pink",      "plum",       "powder",     "puff",      "purple",    "red",        "rose",      "rosy",
    "royal",     "saddle",     "salmon",     "sandy",     "seashell",  "sienna",     "sky",       "slate",
    "smoke",     "snow",       "spring",     "steel",     "tan",       "thistle",    "tomato",    "turquoise",
    "violet",    "wheat",      "white",      "yellow"};
constexpr std::array<View, 6> kTypeSize{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"};
constexpr std::array<View, 5> kTypeFinish{"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"};
constexpr std::array<View, 5> kTypeMetal{"TIN", "NICKEL", "BRASS", "STEEL", "COPPER"};
constexpr std::array<View, 5> kContainerSize{"SM", "LG", "MED", "JUMBO", "WRAP"};
constexpr std::array<View, 8> kContainerKind{"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"};
constexpr std::array<View, 5> kSegments{"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
constexpr std::array<View, 5> kPriorities{"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
constexpr std::array<View, 4> kInstructions{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
constexpr std::array<View, 7> kModes{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
constexpr std::array<View, 5> kRegions{"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
struct Nation {
  View name;
  int region;
};
constexpr std::array<Nation, 25> kNations{
    {{"ALGERIA", 0},      {"ARGENTINA", 1},  {"BRAZIL", 1},  {"CANADA", 1},         {"EGYPT", 4},
     {"ETHIOPIA", 0},     {"FRANCE", 3},     {"GERMANY", 3}, {"INDIA", 2},          {"INDONESIA", 2},
     {"IRAN", 4},         {"IRAQ", 4},       {"JAPAN", 2},   {"JORDAN", 4},         {"KENYA", 0},
     {"MOROCCO", 0},      {"MOZAMBIQUE", 0}, {"PERU", 1},    {"CHINA", 2},          {"ROMANIA", 3},
     {"SAUDI ARABIA", 4}, {"VIETNAM", 2},    {"RUSSIA", 3},  {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}}};

// The grammar's vocabulary (clause 4.2.2.14).
constexpr std::array<View, 45> kNouns{
    "foxes",     "ideas",      "theodolites", "pinto beans", "instructions", "dependencies", "excuses",
    "platelets", "asymptotes", "courts",      "dolphins",    "multipliers",  "sauternes",    "warthogs",
    "frets",     "dinos",      "attainments", "somas",       "Tiresias",     "patterns",     "forges",
    "braids",    "frays",      "warhorses",   "dugouts",     "notornis",     "epitaphs",     "pearls",
    "tithes",    "waters",     "orbits",      "gifts",       "sheaves",      "depths",       "sentiments",
    "decoys",    "realms",     "pains",       "grouches",    "escapades",    "packages",     "requests",
    "accounts",  "deposits",   "packages"};
constexpr std::array<View, 40> kVerbs{
    "sleep",  "wake",   "are",       "cajole",   "haggle", "nag",   "use",     "boost",
    "affix",  "detect", "integrate", "maintain", "nod",    "was",   "lose",    "sublate",
    "solve",  "thrash", "promise",   "engage",   "hinder", "print", "x-ray",   "breach",
    "eat",    "grow",   "impress",   "mold",     "poach",  "serve", "run",     "dazzle",
    "snooze", "doze",   "unwind",    "kindle",   "play",   "hang",  "believe", "doubt"};
constexpr std::array<View, 30> kAdjectives{
    "furious",  "sly",     "careful", "blithe",  "quick",   "fluffy", "slow",     "quiet",
    "ruthless", "thin",    "close",   "dogged",  "daring",  "brave",  "stealthy", "permanent",
    "enticing", "idle",    "busy",    "regular", "final",   "ironic", "even",     "bold",
    "silent",   "special", "pending", "unusual", "express", "regular"};
constexpr std::array<View, 28> kAdverbs{
    "sometimes", "always",    "never",   "furiously",  "slyly",       "carefully",  "blithely",
    "quickly",   "fluffily",  "slowly",  "quietly",    "ruthlessly",  "thinly",     "closely",
    "doggedly",  "daringly",  "bravely", "stealthily", "permanently", "enticingly", "idly",
    "busily",    "regularly", "finally", "ironically", "evenly",      "boldly",     "silently"};
constexpr std::array<View, 12> kPrepositions{"about", "above", "according to", "across", "after", "against",
                                             "along", "among", "around",       "at",     "atop",  "before"};
constexpr std::array<View, 18> kAuxiliaries{
    "do",           "may",          "might",         "shall",         "will",
    "would",        "can",          "could",         "should",        "ought to",
    "must",         "will have to", "shall have to", "could have to", "should have to",
    "must have to", "need to",      "try to"};
constexpr std::array<View, 6> kTerminators{".", ";", ":", "?", "!", "--"};

// Sentences one after the other; comments are cut out of this.
class Text {
 public:
  Text() {
    Random r(99, 0);
    while (pool_.size() < kBytes) sentence(r);
  }
  View cut(Random& r, int64_t shortest, int64_t longest) const {
    auto length = static_cast<size_t>(r.in(shortest, longest));
    return View(pool_).substr(static_cast<size_t>(r.in(0, static_cast<int64_t>(kBytes - length))), length);
  }

 private:
  static constexpr size_t kBytes = 8 << 20;
  void word(View w) { pool_.append(w).append(" "); }
  void noun_phrase(Random& r) {
    int64_t form = r.in(0, 3);
    if (form == 1 || form == 2) word(r.pick(kAdjectives));
    if (form == 2) word(r.pick(kAdjectives));
    if (form == 3) {
      word(r.pick(kAdverbs));
      word(r.pick(kAdjectives));
    }
    word(r.pick(kNouns));
  }
  void verb_phrase(Random& r) {
    int64_t form = r.in(0, 3);
    if (form == 1 || form == 3) word(r.pick(kAuxiliaries));
    word(r.pick(kVerbs));
    if (form >= 2) word(r.pick(kAdverbs));
  }
  void sentence(Random& r) {
    int64_t form = r.in(0, 4);
    noun_phrase(r);
    if (form == 2 || form == 3) {
      word(r.pick(kPrepositions));
      word("the");
      noun_phrase(r);
    }
    verb_phrase(r);
    if (form == 1 || form == 3) noun_phrase(r);
    if (form == 4) {
      word(r.pick(kPrepositions));
      word("the");
      noun_phrase(r);
    }
    pool_.pop_back();
    word(r.pick(kTerminators));
  }
  std::string pool_;
};

// One table's file.
class File {
 public:
  File(const std::string& directory, const char* table)
      : file_(std::fopen((directory + "/" + table + ".tbl").c_str(), "w")) {
    if (file_ == nullptr) {
      std::perror(table);
      std::exit(1);
    }
    buffer_.reserve(kBlock + 4096);
  }
  ~File() {
    flush();
    if (std::fclose(file_) != 0) std::exit(1);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  File& text(View v) {
    separate();
    buffer_.append(v);
    return *this;
  }
  File& number(int64_t v) { return text(std::to_string(v)); }
  File& money(int64_t cents) {
    separate();
    if (cents < 0) buffer_.push_back('-');
    uint64_t c = static_cast<uint64_t>(cents < 0 ? -cents : cents);
    buffer_.append(std::to_string(c / 100)).push_back('.');
    buffer_.push_back(static_cast<char>('0' + c / 10 % 10));
    buffer_.push_back(static_cast<char>('0' + c % 10));
    return *this;
  }
  File& padded(View prefix, int64_t number, int digits) {
    char text[32];
    std::snprintf(text, sizeof text, "%0*lld", digits, static_cast<long long>(number));
    separate();
    buffer_.append(prefix).append(text);
    return *this;
  }
  File& date(int64_t day);
  void end_row() {
    buffer_.push_back('\n');
    first_ = true;
    if (buffer_.size() > kBlock) flush();
  }

 private:
  static constexpr size_t kBlock = 1 << 20;
  void separate() {
    if (!first_) buffer_.push_back('\t');
    first_ = false;
  }
  void flush() {
    if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size()) std::exit(1);
    buffer_.clear();
  }
  std::FILE* file_;
  std::string buffer_;
  bool first_ = true;
};

// Days since 1992-01-01, up to the end of 1998.
constexpr int64_t kLastOrderDay = 2405;  // 1998-08-02
constexpr int64_t kCurrentDay = 1263;    // 1995-06-17

File& File::date(int64_t day) {
  constexpr int kMonth[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t year = 1992;
  auto leap = [](int64_t y) { return y % 4 == 0; };
  while (day >= (leap(year) ? 366 : 365)) day -= leap(year++) ? 366 : 365;
  int month = 0;
  auto length = [&] { return kMonth[month] + (month == 1 && leap(year) ? 1 : 0); };
  while (day >= length()) day -= length(), ++month;
  char text[32];
  std::snprintf(text, sizeof text, "%04lld-%02d-%02d", static_cast<long long>(year), month + 1,
                static_cast<int>(day) + 1);
  return this->text(text);
}

std::string address(Random& r) {
  constexpr View kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789, ";
  std::string s(static_cast<size_t>(r.in(10, 40)), ' ');
  for (char& c : s) c = r.pick(kLetters);
  return s;
}

std::string phone(Random& r, int64_t nation) {
  char text[32];
  int a = static_cast<int>(r.in(100, 999)), b = static_cast<int>(r.in(100, 999)),
      c = static_cast<int>(r.in(1000, 9999));
  std::snprintf(text, sizeof text, "%lld-%d-%d-%d", static_cast<long long>(nation + 10), a, b, c);
  return text;
}

struct Sizes {
  int64_t suppliers, parts, customers, orders, clerks;
};

int64_t retail_cents(int64_t part) { return 90000 + part / 10 % 20001 + 100 * (part % 1000); }

// The i-th (0 … 3) supplier of a part.
int64_t supplier_of(int64_t part, int64_t i, int64_t suppliers) {
  return (part + i * (suppliers / 4 + (part - 1) / suppliers)) % suppliers + 1;
}

void suppliers(const std::string& directory, const Sizes& n, const Text& text) {
  File f(directory, "supplier");
  for (int64_t key = 1; key <= n.suppliers; ++key) {
    Random r(1, static_cast<uint64_t>(key));
    int64_t nation = r.in(0, 24);
    f.number(key)
        .padded("Supplier#", key, 9)
        .text(address(r))
        .number(nation)
        .text(phone(r, nation))
        .money(r.in(-99999, 999999));
    std::string comment(text.cut(r, 25, 100));
    // 5 of 10,000 complain and 5 recommend.
    int64_t remark = key * 7919 % 10000;
    if (remark % 1000 == 3 && comment.size() >= 25) {
      comment.replace(0, 8, "Customer");
      if (remark % 2000 == 3)
        comment.replace(12, 10, "Complaints");
      else
        comment.replace(12, 10, "Recommends");
    }
    f.text(comment).end_row();
  }
}

void parts(const std::string& directory, const Sizes& n, const Text& text) {
  File f(directory, "part"), ps(directory, "partsupp");
  for (int64_t key = 1; key <= n.parts; ++key) {
    Random r(2, static_cast<uint64_t>(key));
    std::string name;
    std::array<View, 5> used{};
    for (size_t i = 0; i < 5;) {
      View c = r.pick(kColors);
      bool again = false;
      for (View u : used) again = again || u == c;
      if (again) continue;
      used[i++] = c;
      if (!name.empty()) name.push_back(' ');
      name.append(c);
    }
    int64_t maker = r.in(1, 5), brand = r.in(1, 5);
    std::string type(r.pick(kTypeSize));
    type.append(" ").append(r.pick(kTypeFinish)).append(" ").append(r.pick(kTypeMetal));
    int64_t size = r.in(1, 50);
    std::string container(r.pick(kContainerSize));
    container.append(" ").append(r.pick(kContainerKind));
    f.number(key)
        .text(name)
        .text("Manufacturer#" + std::to_string(maker))
        .text("Brand#" + std::to_string(maker * 10 + brand));
    f.text(type).number(size).text(container).money(retail_cents(key)).text(text.cut(r, 5, 22)).end_row();
    for (int64_t i = 0; i < 4; ++i) {
      ps.number(key).number(supplier_of(key, i, n.suppliers)).number(r.in(1, 9999)).money(r.in(100, 100000));
      ps.text(text.cut(r, 49, 198)).end_row();
    }
  }
}

void customers(const std::string& directory, const Sizes& n, const Text& text) {
  File f(directory, "customer");
  for (int64_t key = 1; key <= n.customers; ++key) {
    Random r(3, static_cast<uint64_t>(key));
    int64_t nation = r.in(0, 24);
    f.number(key)
        .padded("Customer#", key, 9)
        .text(address(r))
        .number(nation)
        .text(phone(r, nation))
        .money(r.in(-99999, 999999));
    f.text(r.pick(kSegments)).text(text.cut(r, 29, 116)).end_row();
  }
}

void orders(const std::string& directory, const Sizes& n, const Text& text) {
  File f(directory, "orders"), l(directory, "lineitem");
  for (int64_t i = 0; i < n.orders; ++i) {
    int64_t key = i / 8 * 32 + i % 8 + 1;
    Random r(4, static_cast<uint64_t>(key));
    int64_t customer = r.in(1, n.customers);
    while (customer % 3 == 0) customer = r.in(1, n.customers);  // a third of the customers never orders
    int64_t day = r.in(0, kLastOrderDay), total = 0;
    int64_t lines = r.in(1, 7), shipped = 0;
    for (int64_t line = 1; line <= lines; ++line) {
      int64_t part = r.in(1, n.parts), quantity = r.in(1, 50), price = quantity * retail_cents(part);
      int64_t discount = r.in(0, 10), tax = r.in(0, 8);
      int64_t ship = day + r.in(1, 121), commit = day + r.in(30, 90), receipt = ship + r.in(1, 30);
      View returned = receipt <= kCurrentDay ? (r.in(0, 1) != 0 ? "R" : "A") : "N";
      bool open = ship > kCurrentDay;
      shipped += open ? 0 : 1;
      total += price * (100 + tax) / 100 * (100 - discount) / 100;
      l.number(key)
          .number(part)
          .number(supplier_of(part, r.in(0, 3), n.suppliers))
          .number(line)
          .money(quantity * 100);
      l.money(price)
          .money(discount)
          .money(tax)
          .text(returned)
          .text(open ? "O" : "F")
          .date(ship)
          .date(commit)
          .date(receipt);
      l.text(r.pick(kInstructions)).text(r.pick(kModes)).text(text.cut(r, 10, 43)).end_row();
    }
    View status = shipped == lines ? "F" : shipped == 0 ? "O" : "P";
    f.number(key).number(customer).text(status).money(total).date(day).text(r.pick(kPriorities));
    f.padded("Clerk#", r.in(1, n.clerks), 9).number(0).text(text.cut(r, 19, 78)).end_row();
  }
}

void fixed_tables(const std::string& directory, const Text& text) {
  File regions(directory, "region"), nations(directory, "nation");
  for (size_t i = 0; i < kRegions.size(); ++i) {
    Random r(5, i);
    regions.number(static_cast<int64_t>(i)).text(kRegions[i]).text(text.cut(r, 31, 115)).end_row();
  }
  for (size_t i = 0; i < kNations.size(); ++i) {
    Random r(6, i);
    nations.number(static_cast<int64_t>(i))
        .text(kNations[i].name)
        .number(kNations[i].region)
        .text(text.cut(r, 31, 114))
        .end_row();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: tpch_generate SCALE DIRECTORY\n");
    return 2;
  }
  double scale = std::atof(argv[1]);
  auto scaled = [&](double n) {
    return static_cast<int64_t>(n * scale) < 1 ? 1 : static_cast<int64_t>(n * scale);
  };
  Sizes n{scaled(10000), scaled(200000), scaled(150000), scaled(1500000), scaled(1000)};
  Text text;
  fixed_tables(argv[2], text);
  suppliers(argv[2], n, text);
  parts(argv[2], n, text);
  customers(argv[2], n, text);
  orders(argv[2], n, text);
}
