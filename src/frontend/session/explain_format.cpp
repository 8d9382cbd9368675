// EXPLAIN's output as text, JSON, YAML and XML.
#include <fmt/format.h>

#include "explain.h"

namespace varve::session {
namespace {

using Kind = ExplainProperty::Kind;
using Where = ExplainProperty::Where;

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<uint8_t>(c) < 0x20)
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
          out += c;
    }
  }
  return out + "\"";
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\r':
        out += "&#x0d;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string xml_tag(std::string_view name) {
  std::string out;
  for (char c : name) {
    bool keep = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                c == '_' || c == '.';
    out += keep ? c : '-';
  }
  return out;
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

uint64_t temp_blocks(uint64_t bytes) {
  constexpr uint64_t kBlockBytes = 8192;
  return (bytes + kBlockBytes - 1) / kBlockBytes;
}

// Nothing where nothing was counted.
std::string buffers_text(const IoCounters& io) {
  std::string shared, temp;
  auto count = [](std::string& out, std::string_view name, uint64_t n) {
    if (n != 0) out += fmt::format(" {}={}", name, n);
  };
  count(shared, "hit", io.hits);
  count(shared, "read", io.reads);
  count(shared, "dirtied", io.dirtied);
  count(shared, "written", io.written);
  count(temp, "read", temp_blocks(io.temp_read));
  count(temp, "written", temp_blocks(io.temp_written));
  std::string out;
  if (!shared.empty()) out += " shared" + shared;
  if (!temp.empty()) out += (out.empty() ? " temp" : ", temp") + temp;
  return out.empty() ? out : "Buffers:" + out;
}

// --- text

class TextWriter {
 public:
  explicit TextWriter(const ExplainOptions& options) : options_(options) {}

  void node(const ExplainNode& n, size_t indent, bool arrow) {
    if (!n.subplan_name.empty()) {
      line(indent, n.subplan_name);
      ++indent;
      arrow = true;
    }
    out_.append(indent * 2, ' ');
    if (arrow) {
      out_ += "->  ";
      indent += 2;
    }
    out_ += n.label;
    if (options_.costs && n.has_costs) {
      out_ += fmt::format("  (cost={:.2f}..{:.2f} rows={:.0f} width={})", n.startup_cost, n.total_cost,
                          n.rows, n.width);
    }
    if (n.measured) {
      if (n.loops == 0)
        out_ += " (never executed)";
      else if (options_.timing) {
        out_ += fmt::format(" (actual time={:.3f}..{:.3f} rows={:.0f} loops={})", n.actual_startup_ms,
                            n.actual_total_ms, n.actual_rows, n.loops);
      } else {
        out_ += fmt::format(" (actual rows={:.0f} loops={})", n.actual_rows, n.loops);
      }
    }
    out_ += '\n';
    ++indent;
    for (const ExplainProperty& p : n.properties) {
      if (p.where == Where::kStructured || p.kind == Kind::kGroups) continue;
      std::string value = p.kind == Kind::kList ? join(p.items) : p.value;
      line(indent, p.name.empty() ? value : p.name + ": " + value);
    }
    if (n.has_io) io_lines(indent, n.io);
    for (const auto& child : n.children) node(*child, indent, true);
  }

  std::string finish(const ExplainSummary& summary) {
    if (options_.settings && !summary.settings.empty()) {
      std::vector<std::string> items;
      for (const auto& [name, value] : summary.settings)
        items.push_back(fmt::format("{} = '{}'", name, value));
      line(0, "Settings: " + join(items));
    }
    if (std::string buffers = buffers_text(summary.planning_io); options_.buffers && !buffers.empty()) {
      line(0, "Planning:");
      line(1, buffers);
    }
    if (options_.summary) line(0, fmt::format("Planning Time: {:.3f} ms", summary.planning_ms));
    for (const pl::TriggerTime& t : summary.triggers) {
      const bool named = options_.verbose || t.constraint.empty();
      line(0, fmt::format("Trigger{}{}{}: {}calls={}", named ? " " + t.name : std::string(),
                          t.constraint.empty() ? std::string() : " for constraint " + t.constraint,
                          t.is_member ? " on " + t.relation : std::string(),
                          options_.timing ? fmt::format("time={:.3f} ", t.ms) : std::string(), t.calls));
    }
    if (options_.summary && options_.analyze)
      line(0, fmt::format("Execution Time: {:.3f} ms", summary.execution_ms));
    if (!out_.empty()) out_.pop_back();
    return std::move(out_);
  }

 private:
  void io_lines(size_t indent, const IoCounters& io) {
    if (options_.buffers) {
      if (std::string buffers = buffers_text(io); !buffers.empty()) line(indent, buffers);
    }
    if (!options_.wal || io.log_records == 0) return;
    std::string text = fmt::format("WAL: records={}", io.log_records);
    if (io.log_images != 0) text += fmt::format(" fpi={}", io.log_images);
    line(indent, text + fmt::format(" bytes={}", io.log_bytes));
  }

  void line(size_t indent, std::string_view text) {
    out_.append(indent * 2, ' ');
    out_ += text;
    out_ += '\n';
  }

  const ExplainOptions& options_;
  std::string out_;
};

// --- the structured formats, over one stream of groups and properties

class StructuredWriter {
 public:
  explicit StructuredWriter(ExplainFormat format) : format_(format) {
    if (format_ == ExplainFormat::kJson) out_ = "[";
    if (format_ == ExplainFormat::kXml) out_ = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n";
    groups_.push_back({true, true});
  }

  // `name` is shown where the group stands in an object; in a list only XML wants it. `type` names it in XML.
  void open(std::string_view name, std::string_view type, bool object) {
    switch (format_) {
      case ExplainFormat::kJson:
        separate();
        pad(groups_.size());
        if (!groups_.back().list) out_ += json_string(name) + ": ";
        out_ += object ? '{' : '[';
        break;
      case ExplainFormat::kXml:
        pad(groups_.size());
        out_ += "<" + xml_tag(type) + ">\n";
        break;
      case ExplainFormat::kYaml:
        start_yaml_line();
        if (groups_.back().list) {
          out_ += "- ";
          groups_.push_back({!object, true});
          return;
        }
        out_ += std::string(name) + ": ";
        break;
      case ExplainFormat::kText:
        break;
    }
    groups_.push_back({!object, format_ != ExplainFormat::kYaml});
  }

  void close(std::string_view type) {
    groups_.pop_back();
    if (format_ == ExplainFormat::kJson) {
      out_ += '\n';
      pad(groups_.size());
      out_ += list_end_;
    } else if (format_ == ExplainFormat::kXml) {
      pad(groups_.size());
      out_ += "</" + xml_tag(type) + ">\n";
    }
  }
  void close_object(std::string_view type) {
    list_end_ = '}';
    close(type);
  }
  void close_list(std::string_view type) {
    list_end_ = ']';
    close(type);
  }

  void property(const ExplainProperty& p) {
    if (p.kind == Kind::kList) return list(p);
    if (p.kind == Kind::kGroups) return groups(p);
    bool bare = p.kind != Kind::kString;
    switch (format_) {
      case ExplainFormat::kJson:
        separate();
        pad(groups_.size());
        out_ += json_string(p.name) + ": " + (bare ? p.value : json_string(p.value));
        break;
      case ExplainFormat::kXml:
        pad(groups_.size());
        out_ += fmt::format("<{0}>{1}</{0}>\n", xml_tag(p.name), xml_text(p.value));
        break;
      case ExplainFormat::kYaml:
        start_yaml_line();
        out_ += p.name + ": " + (bare ? p.value : json_string(p.value));
        break;
      case ExplainFormat::kText:
        break;
    }
  }
  void text(std::string_view name, std::string_view value) {
    property({std::string(name), std::string(value), {}, Kind::kString, {}});
  }
  void number(std::string_view name, std::string value) {
    property({std::string(name), std::move(value), {}, Kind::kNumber, {}});
  }

  std::string finish() {
    if (format_ == ExplainFormat::kJson) out_ += "\n]";
    if (format_ == ExplainFormat::kXml) out_ += "</explain>";
    return std::move(out_);
  }

 private:
  struct Group {
    bool list;
    bool empty;  // nothing written in it yet
  };

  void list(const ExplainProperty& p) {
    if (format_ == ExplainFormat::kJson) {
      separate();
      pad(groups_.size());
      out_ += json_string(p.name) + ": [";
      for (size_t i = 0; i < p.items.size(); ++i) out_ += (i == 0 ? "" : ", ") + json_string(p.items[i]);
      out_ += ']';
    } else if (format_ == ExplainFormat::kXml) {
      pad(groups_.size());
      out_ += "<" + xml_tag(p.name) + ">\n";
      for (const std::string& item : p.items) {
        pad(groups_.size() + 1);
        out_ += "<Item>" + xml_text(item) + "</Item>\n";
      }
      pad(groups_.size());
      out_ += "</" + xml_tag(p.name) + ">\n";
    } else {
      start_yaml_line();
      out_ += p.name + ": ";
      for (const std::string& item : p.items) {
        out_ += '\n';
        pad(groups_.size());
        out_ += "- " + json_string(item);
      }
    }
  }

  void groups(const ExplainProperty& p) {
    open(p.name, p.name, false);
    for (const auto& group : p.groups) {
      open(p.group_name, p.group_name, true);
      for (const ExplainProperty& item : group) property(item);
      close_object(p.group_name);
    }
    close_list(p.name);
  }

  void separate() {
    if (!groups_.back().empty) out_ += ',';
    groups_.back().empty = false;
    out_ += '\n';
  }
  // The first property of a list's item follows its dash.
  void start_yaml_line() {
    if (groups_.back().empty) {
      groups_.back().empty = false;
      return;
    }
    out_ += '\n';
    pad(groups_.size() - 1);
  }
  void pad(size_t levels) { out_.append(levels * 2, ' '); }

  ExplainFormat format_;
  std::string out_;
  std::vector<Group> groups_;
  char list_end_ = '}';
};

void write_buffers(StructuredWriter& w, const IoCounters& io) {
  w.number("Shared Hit Blocks", std::to_string(io.hits));
  w.number("Shared Read Blocks", std::to_string(io.reads));
  w.number("Shared Dirtied Blocks", std::to_string(io.dirtied));
  w.number("Shared Written Blocks", std::to_string(io.written));
  // Temporary tables live in the shared pool.
  for (std::string_view what : {"Hit", "Read", "Dirtied", "Written"})
    w.number(fmt::format("Local {} Blocks", what), "0");
  w.number("Temp Read Blocks", std::to_string(temp_blocks(io.temp_read)));
  w.number("Temp Written Blocks", std::to_string(temp_blocks(io.temp_written)));
}

void write_io(StructuredWriter& w, const IoCounters& io, const ExplainOptions& options) {
  if (options.buffers) write_buffers(w, io);
  if (!options.wal) return;
  w.number("WAL Records", std::to_string(io.log_records));
  w.number("WAL FPI", std::to_string(io.log_images));
  w.number("WAL Bytes", std::to_string(io.log_bytes));
}

void write_node(StructuredWriter& w, const ExplainNode& n, const ExplainOptions& options) {
  w.open("Plan", "Plan", true);
  w.text("Node Type", n.type);
  for (const ExplainProperty& p : n.head) {
    if (p.name == "Strategy" || p.name == "Partial Mode" || p.name == "Operation") w.property(p);
  }
  if (!n.relationship.empty()) w.text("Parent Relationship", n.relationship);
  if (!n.subplan_name.empty()) w.text("Subplan Name", n.subplan_name);
  w.property({"Parallel Aware", "false", {}, Kind::kBoolean, {}});
  w.property({"Async Capable", "false", {}, Kind::kBoolean, {}});
  for (const ExplainProperty& p : n.head) {
    if (p.name != "Strategy" && p.name != "Partial Mode" && p.name != "Operation") w.property(p);
  }
  if (options.costs && n.has_costs) {
    w.number("Startup Cost", fmt::format("{:.2f}", n.startup_cost));
    w.number("Total Cost", fmt::format("{:.2f}", n.total_cost));
    w.number("Plan Rows", fmt::format("{:.0f}", n.rows));
    w.number("Plan Width", std::to_string(n.width));
  }
  if (n.measured) {
    if (options.timing) {
      w.number("Actual Startup Time", fmt::format("{:.3f}", n.actual_startup_ms));
      w.number("Actual Total Time", fmt::format("{:.3f}", n.actual_total_ms));
    }
    w.number("Actual Rows", fmt::format("{:.0f}", n.actual_rows));
    w.number("Actual Loops", std::to_string(n.loops));
  }
  for (const ExplainProperty& p : n.properties) {
    if (p.where != Where::kText) w.property(p);
  }
  if (n.has_io) write_io(w, n.io, options);
  if (!n.children.empty()) {
    w.open("Plans", "Plans", false);
    for (const auto& child : n.children) write_node(w, *child, options);
    w.close_list("Plans");
  }
  w.close_object("Plan");
}

std::string structured(const ExplainNode& root, const ExplainOptions& options,
                       const ExplainSummary& summary) {
  StructuredWriter w(options.format);
  w.open("Query", "Query", true);
  write_node(w, root, options);
  if (options.settings) {
    w.open("Settings", "Settings", true);
    for (const auto& [name, value] : summary.settings) w.text(name, value);
    w.close_object("Settings");
  }
  if (options.buffers) {
    w.open("Planning", "Planning", true);
    write_buffers(w, summary.planning_io);
    w.close_object("Planning");
  }
  if (options.summary) w.number("Planning Time", fmt::format("{:.3f}", summary.planning_ms));
  if (options.analyze) {
    w.open("Triggers", "Triggers", false);
    for (const pl::TriggerTime& t : summary.triggers) {
      w.open("Trigger", "Trigger", true);
      w.text("Trigger Name", t.name);
      if (!t.constraint.empty()) w.text("Constraint Name", t.constraint);
      w.text("Relation", t.relation);
      if (options.timing) w.number("Time", fmt::format("{:.3f}", t.ms));
      w.number("Calls", std::to_string(t.calls));
      w.close_object("Trigger");
    }
    w.close_list("Triggers");
  }
  if (options.summary && options.analyze)
    w.number("Execution Time", fmt::format("{:.3f}", summary.execution_ms));
  w.close_object("Query");
  return w.finish();
}

}  // namespace

std::string format_explain(const ExplainNode& root, const ExplainOptions& options,
                           const ExplainSummary& summary) {
  if (options.format != ExplainFormat::kText) return structured(root, options, summary);
  TextWriter w(options);
  w.node(root, 0, false);
  return w.finish(summary);
}

}  // namespace varve::session
