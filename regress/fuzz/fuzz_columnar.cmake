# The reader of column segments: any bytes under right checksums.
add_executable(fuzz_columnar fuzz_columnar.cpp)
target_include_directories(fuzz_columnar PRIVATE "${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar")
target_compile_options(fuzz_columnar PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_columnar PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_columnar PRIVATE varve_columnar)
