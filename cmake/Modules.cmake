# varve_module(NAME [FRONTEND | CONTRIB extension] [ALONE] DEPENDS a b … LIBRARIES x y …)
#
# Builds every .cpp of the module's folder into the static library varve_NAME, and every *_test.cpp beside
# them into the test program NAME_test, and every *_bench.cpp into NAME_bench. A module sees src/include and
# its own folder; which modules it may include is checked by tools/check-layering.

# varve_precompile(TARGET NAME): cmake/NAME.h is read once for all targets that name it. The first of them makes the precompiled
# header, the others share it. Its checksum is what ccache knows it by: the texts of the headers here and the compiler's.
function(varve_precompile target name)
  if(NOT VARVE_PRECOMPILE)
    return()
  endif()
  get_property(maker GLOBAL PROPERTY VARVE_PRECOMPILE_MAKER_${name})
  if(maker)
    target_precompile_headers(${target} REUSE_FROM ${maker})
    return()
  endif()
  set_property(GLOBAL PROPERTY VARVE_PRECOMPILE_MAKER_${name} ${target})
  target_precompile_headers(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/${name}.h")
  set(text "")
  foreach(header precompiled precompiled_test)
    file(READ "${CMAKE_SOURCE_DIR}/cmake/${header}.h" one)
    string(APPEND text "${one}")
  endforeach()
  string(SHA256 sum "${name} ${text} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_CXX_FLAGS} ${CMAKE_BUILD_TYPE} ${VARVE_SANITIZE}")
  file(WRITE "${CMAKE_BINARY_DIR}/CMakeFiles/${target}.dir/cmake_pch.hxx.gch.sum" "${sum}")
endfunction()

# Five files of a module are compiled as one: half of the time of a whole build went into reading the same headers and making the
# same templates again (docs/decisions/grouped-compilation.md). What stands in a module's anonymous namespaces must have different names
# therefore. ALONE: a module of which each file is compiled for itself; so is everything with VARVE_GROUP off, and tests always are.
option(VARVE_GROUP "Compile files in groups: faster as a whole, slower after a change of one" ON)

function(varve_module name)
  cmake_parse_arguments(M "FRONTEND;ALONE" "CONTRIB" "DEPENDS;LIBRARIES" ${ARGN})
  set(headers "${CMAKE_SOURCE_DIR}/src/include")
  if(M_CONTRIB)
    set(dir "${CMAKE_SOURCE_DIR}/contrib/${M_CONTRIB}/${name}")
    list(APPEND headers "${CMAKE_SOURCE_DIR}/contrib/${M_CONTRIB}/include")
  elseif(M_FRONTEND)
    set(dir "${CMAKE_SOURCE_DIR}/src/frontend/${name}")
  else()
    set(dir "${CMAKE_SOURCE_DIR}/src/backend/${name}")
  endif()

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/*.cpp")
  set(tests ${sources})
  set(benches ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cpp$")

  set(links)
  foreach(dep ${M_DEPENDS})
    list(APPEND links varve_${dep})
  endforeach()

  if(sources)
    add_library(varve_${name} STATIC ${sources})
    target_include_directories(varve_${name} PUBLIC ${headers} PRIVATE "${dir}")
    target_link_libraries(varve_${name} PUBLIC ${links} ${M_LIBRARIES} fmt::fmt Threads::Threads)
    varve_precompile(varve_${name} precompiled)
    if(VARVE_GROUP AND NOT M_ALONE)
      set_target_properties(varve_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
      if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # It takes the file that includes the group for the only one that has a type's definition.
        target_compile_options(varve_${name} PRIVATE -Wno-subobject-linkage)
      endif()
    endif()
  else()
    add_library(varve_${name} INTERFACE)
    target_include_directories(varve_${name} INTERFACE ${headers})
    target_link_libraries(varve_${name} INTERFACE ${links} ${M_LIBRARIES} fmt::fmt Threads::Threads)
  endif()

  if(tests)
    add_executable(${name}_test ${tests})
    target_include_directories(${name}_test PRIVATE "${dir}")
    target_link_libraries(${name}_test PRIVATE varve_${name} GTest::gtest GTest::gmock GTest::gtest_main)
    # What a test does itself is done once.
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
    varve_precompile(${name}_test precompiled_test)
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
  if(benches AND NOT VARVE_SANITIZE)
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${benches})
    target_include_directories(${name}_bench PRIVATE "${dir}")
    target_link_libraries(${name}_bench PRIVATE varve_${name} benchmark::benchmark benchmark::benchmark_main)
  endif()
endfunction()
