# The log reader: a valid log with bytes changed, cut off or put in.
add_executable(fuzz_log fuzz_log.cpp)
target_compile_options(fuzz_log PRIVATE -fsanitize=fuzzer)
target_link_options(fuzz_log PRIVATE -fsanitize=fuzzer)
target_link_libraries(fuzz_log PRIVATE varve_wal)
