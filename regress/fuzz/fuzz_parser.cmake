# The wire protocol's state machine: any bytes, in any portions.
add_executable(fuzz_parser fuzz_parser.cpp)
target_include_directories(fuzz_parser PRIVATE "${CMAKE_SOURCE_DIR}/src/frontend/net")
target_compile_options(fuzz_parser PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_parser PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_parser PRIVATE varve_parser)
