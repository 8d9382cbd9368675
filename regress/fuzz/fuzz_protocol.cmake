# The wire protocol's state machine: any bytes, in any portions.
add_executable(fuzz_protocol fuzz_protocol.cpp)
target_include_directories(fuzz_protocol PRIVATE "${CMAKE_SOURCE_DIR}/src/frontend/net")
target_compile_options(fuzz_protocol PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_protocol PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_protocol PRIVATE varve_net)
