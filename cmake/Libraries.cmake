# Third-party libraries; all of them Debian 12 packages (see tools/install-packages).

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ICU REQUIRED COMPONENTS i18n uc)
find_package(LibXml2 REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

find_library(VARVE_LZ4 lz4 REQUIRED)
find_library(VARVE_ZSTD zstd REQUIRED)
find_library(VARVE_NUMA numa REQUIRED)
find_library(VARVE_STEMMER stemmer REQUIRED) # text search
find_library(VARVE_PG_QUERY pg_query) # test oracle for the parser only
