#include "port/vfs.h"

namespace varve::port {

std::string_view parent_directory(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

Result<std::string> read_whole_file(Vfs& vfs, std::string_view path) {
  VARVE_ASSIGN_OR_RETURN(auto file, vfs.open(path, OpenMode::kExisting));
  VARVE_ASSIGN_OR_RETURN(uint64_t size, file->size());
  std::string content(size, '\0');
  VARVE_ASSIGN_OR_RETURN(size_t got, file->pread(content.data(), content.size(), 0));
  content.resize(got);
  return content;
}

Status replace_file(Vfs& vfs, std::string_view path, std::string_view content) {
  std::string temporary = std::string(path) + ".new";
  {
    VARVE_ASSIGN_OR_RETURN(auto file, vfs.open(temporary, OpenMode::kCreate));
    VARVE_RETURN_IF_ERROR(file->truncate(0));
    VARVE_RETURN_IF_ERROR(file->pwrite(content.data(), content.size(), 0));
    VARVE_RETURN_IF_ERROR(file->sync());
  }
  VARVE_RETURN_IF_ERROR(vfs.rename(temporary, path));
  return vfs.sync_directory(parent_directory(path));
}

}  // namespace varve::port
