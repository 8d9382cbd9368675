# What reads pages optimistically: any bytes.
add_executable(fuzz_page fuzz_page.cpp)
target_include_directories(fuzz_page PRIVATE "${CMAKE_SOURCE_DIR}/src/backend/access")
target_compile_options(fuzz_page PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_page PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_page PRIVATE varve_access)
