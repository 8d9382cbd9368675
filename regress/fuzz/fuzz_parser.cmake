# The SQL parser: any text.
add_executable(fuzz_parser fuzz_parser.cpp)
target_compile_options(fuzz_parser PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_parser PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_parser PRIVATE varve_parser)
