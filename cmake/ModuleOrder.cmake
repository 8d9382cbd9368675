# The modules from the ground up. A module may include only those listed above it (tools/check-layering
# reads this file). Keep the order meaningful: it is the architecture.

# --- ground floor: no SQL, no disk format
varve_module(common)
varve_module(port      DEPENDS common LIBRARIES ${VARVE_NUMA})
varve_module(memory    DEPENDS common)
varve_module(sync      DEPENDS common port)
varve_module(types     ALONE DEPENDS common memory LIBRARIES ICU::i18n ICU::uc)
varve_module(vector    DEPENDS common memory types)

# --- storage
varve_module(wal       DEPENDS common port memory sync LIBRARIES ${VARVE_LZ4})
varve_module(buffer    DEPENDS common port memory sync wal)
varve_module(txn       DEPENDS common port memory sync wal buffer)
varve_module(access    DEPENDS common port memory sync types vector wal buffer txn)
varve_module(recovery  DEPENDS common port memory sync wal buffer txn access)

# --- SQL
varve_module(functions ALONE DEPENDS common memory types vector LIBRARIES OpenSSL::Crypto ${VARVE_STEMMER} ${LIBXML2_LIBRARIES})
target_include_directories(varve_functions SYSTEM PRIVATE ${LIBXML2_INCLUDE_DIRS})
varve_module(parser    FRONTEND DEPENDS common memory)
if(TARGET parser_test)
  target_compile_definitions(parser_test PRIVATE
    VARVE_PARSER_TESTDATA="${CMAKE_SOURCE_DIR}/src/frontend/parser/testdata")
  if(VARVE_PG_QUERY)
    target_link_libraries(parser_test PRIVATE ${VARVE_PG_QUERY})
    target_compile_definitions(parser_test PRIVATE VARVE_HAVE_PG_QUERY=1)
  endif()
endif()
varve_module(catalog   DEPENDS common memory types vector functions parser wal buffer txn access recovery)
target_compile_definitions(varve_catalog PRIVATE
  VARVE_BOOTSTRAP_DIR="${CMAKE_SOURCE_DIR}/src/backend/catalog/bootstrap")
file(GLOB VARVE_BOOTSTRAP_FILES "${CMAKE_SOURCE_DIR}/src/backend/catalog/bootstrap/*.*")
set_source_files_properties("${CMAKE_SOURCE_DIR}/src/backend/catalog/embedded.cpp" PROPERTIES
  OBJECT_DEPENDS "${VARVE_BOOTSTRAP_FILES}")
varve_module(analyzer  FRONTEND DEPENDS common memory types vector functions parser catalog)
varve_module(planner   DEPENDS common memory types vector functions catalog analyzer)
varve_module(executor  DEPENDS common port memory sync types vector functions txn access catalog analyzer planner)
varve_module(commands  DEPENDS common port memory types vector functions txn access recovery catalog parser analyzer planner executor)
varve_module(pl        DEPENDS common memory sync types vector functions txn catalog parser analyzer planner executor)

# --- the running process
varve_module(net       FRONTEND DEPENDS common port memory sync types LIBRARIES OpenSSL::SSL OpenSSL::Crypto)
varve_module(session   FRONTEND DEPENDS common memory types txn recovery net catalog parser analyzer planner executor commands pl)
varve_module(server    DEPENDS common port memory sync wal buffer txn recovery access catalog commands session net)

# --- extensions: nothing above includes them; each includes only the modules it names (tools/check-layering)
varve_module(columnar  CONTRIB timeseries DEPENDS common memory port types LIBRARIES ${VARVE_LZ4} ${VARVE_ZSTD})
varve_module(columnar_table CONTRIB timeseries
             DEPENDS common memory port sync types vector wal buffer txn access recovery columnar)
# -O2 vectorises only what is free of charge; the unpack kernels want everything.
set_source_files_properties(
  "${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar/bit_packing.cpp"
  "${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar/int_decode.cpp"
  "${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar/float_decode.cpp"
  "${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar/layout_bench.cpp"
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>" SKIP_PRECOMPILE_HEADERS ON)
if(TARGET columnar_test)
  target_compile_definitions(columnar_test PRIVATE
    VARVE_COLUMNAR_TESTDATA="${CMAKE_SOURCE_DIR}/contrib/timeseries/columnar/testdata")
endif()

varve_module(hyperfunctions CONTRIB timeseries ALONE DEPENDS common memory types vector functions
  catalog analyzer planner)
if(TARGET varve_hyperfunctions)
  target_compile_definitions(varve_hyperfunctions PRIVATE
    VARVE_HYPERFUNCTIONS_SQL="${CMAKE_SOURCE_DIR}/contrib/timeseries/hyperfunctions/sql")
  file(GLOB VARVE_HYPERFUNCTIONS_SQL_FILES "${CMAKE_SOURCE_DIR}/contrib/timeseries/hyperfunctions/sql/*.sql")
  set_source_files_properties("${CMAKE_SOURCE_DIR}/contrib/timeseries/hyperfunctions/extension.cpp" PROPERTIES
    OBJECT_DEPENDS "${VARVE_HYPERFUNCTIONS_SQL_FILES}")
endif()

varve_module(hypertable CONTRIB timeseries ALONE DEPENDS common memory types vector functions parser txn access catalog
  analyzer planner executor commands hyperfunctions)
if(TARGET varve_hypertable)
  target_compile_definitions(varve_hypertable PRIVATE
    VARVE_HYPERTABLE_SQL="${CMAKE_SOURCE_DIR}/contrib/timeseries/hypertable/sql")
  file(GLOB VARVE_HYPERTABLE_SQL_FILES "${CMAKE_SOURCE_DIR}/contrib/timeseries/hypertable/sql/*.sql")
  set_source_files_properties("${CMAKE_SOURCE_DIR}/contrib/timeseries/hypertable/extension.cpp" PROPERTIES
    OBJECT_DEPENDS "${VARVE_HYPERTABLE_SQL_FILES}")
endif()
