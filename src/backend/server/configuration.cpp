// varve.conf and varve.auto.conf.
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <sstream>

#include "server/server.h"
#include "session/settings.h"

namespace varve::server {
namespace {

std::string trim(std::string_view s) {
  size_t first = s.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(s.substr(first, s.find_last_not_of(" \t\r") - first + 1));
}

// Up to the comment that is not inside quotes.
std::string without_comment(const std::string& line) {
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\'') quoted = !quoted;
    if (line[i] == '#' && !quoted) return line.substr(0, i);
  }
  return line;
}

std::string unquote(const std::string& value) {
  if (value.size() < 2 || value.front() != '\'' || value.back() != '\'') return value;
  std::string out;
  for (size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i] == '\'' && value[i + 1] == '\'') ++i;
    out += value[i];
  }
  return out;
}

}  // namespace

Result<std::map<std::string, std::string>> read_configuration(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Status::from_errno(errno, fmt::format("could not open configuration file \"{}\"", path));
  std::map<std::string, std::string> settings;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::string text = trim(without_comment(line));
    if (text.empty()) continue;
    size_t end = text.find_first_of(" \t=");
    std::string name = text.substr(0, end);
    std::string value = end == std::string::npos ? std::string() : trim(text.substr(end));
    if (!value.empty() && value[0] == '=') value = trim(value.substr(1));
    const session::SettingInfo* info = session::find_setting(name);
    if (info == nullptr && name.find('.') == std::string::npos) {
      return Status::invalid(
          fmt::format("{}:{}: unrecognized configuration parameter \"{}\"", path, number, name));
    }
    if (value.empty())
      return Status::invalid(fmt::format("{}:{}: parameter \"{}\" has no value", path, number, name));
    try {
      settings[info == nullptr ? name : std::string(info->name)] =
          info == nullptr ? unquote(value) : session::canonical_setting(*info, unquote(value));
    } catch (const std::exception& error) {
      return Status::invalid(fmt::format("{}:{}: {}", path, number, error.what()));
    }
  }
  return settings;
}

Status write_auto_setting(const std::string& directory, const std::string& name, const std::string& value) {
  std::string path = directory + "/varve.auto.conf";
  std::map<std::string, std::string> settings;
  if (auto read = read_configuration(path); read.ok()) settings = *read;
  if (name.empty())
    settings.clear();
  else if (value.empty())
    settings.erase(name);
  else
    settings[name] = value;
  std::string text = "# Written by ALTER SYSTEM; do not edit.\n";
  for (const auto& [key, setting] : settings) {
    std::string quoted;
    for (char c : setting) quoted += c == '\'' ? "''" : std::string(1, c);
    text += fmt::format("{} = '{}'\n", key, quoted);
  }
  std::string temporary = path + ".tmp";
  {
    std::ofstream file(temporary, std::ios::trunc);
    file << text;
    if (!file.flush()) return Status::from_errno(errno, fmt::format("could not write \"{}\"", temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return Status::from_errno(errno, fmt::format("could not rename \"{}\"", temporary));
  return {};
}

}  // namespace varve::server
