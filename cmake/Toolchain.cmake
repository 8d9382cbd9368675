# Compiler flags, sanitizers and build accelerators, in one place.

set(VARVE_SANITIZE "" CACHE STRING "Sanitizers to build with: 'address,undefined', 'thread' or empty")

# The oldest x86-64 we support has SSE4.2 (hardware CRC32C); Arm needs v8.1-a (LSE atomics, CRC).
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(VARVE_ARCH "x86-64-v2" CACHE STRING "-march value")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(VARVE_ARCH "armv8.1-a+crc" CACHE STRING "-march value")
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wno-missing-field-initializers -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely on inlined std::string and std::variant code.
  add_compile_options(-Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
                      -Wno-stringop-overread -Wno-dangling-pointer)
endif()
add_compile_options(-Wno-pedantic -Wimplicit-fallthrough)  # __int128 and VLA-free extensions we rely on
if(VARVE_ARCH)
  add_compile_options(-march=${VARVE_ARCH})
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # The compiler's own garbage collection costs 7 % of the build; hardly a file comes near half a gigabyte.
  add_compile_options("SHELL:--param ggc-min-heapsize=524288")
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

if(VARVE_SANITIZE)
  add_compile_options(-fsanitize=${VARVE_SANITIZE} -fno-sanitize-recover=all -O1)
  add_link_options(-fsanitize=${VARVE_SANITIZE})
  if(VARVE_SANITIZE MATCHES "thread")
    add_compile_definitions(VARVE_TSAN=1)
  endif()
endif()

# Coverage feedback for libFuzzer in everything that a fuzz target links.
option(VARVE_FUZZ "Build the libFuzzer targets (clang only)" OFF)
if(VARVE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(VARVE_MOLD mold)
find_program(VARVE_LLD ld.lld)
if(VARVE_MOLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=mold)
elseif(VARVE_LLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=lld)
endif()

# A precompiled header of the standard library takes a quarter off the build. clang's (fuzzers) and the linters'
# builds do without.
option(VARVE_PRECOMPILE "Precompile cmake/precompiled.h" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(VARVE_PRECOMPILE OFF)
endif()

find_program(VARVE_CCACHE ccache)
if(VARVE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${VARVE_CCACHE}")
  if(VARVE_PRECOMPILE)
    # The precompiled file differs from build to build; what it is made of does not.
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=true "${VARVE_CCACHE}")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
