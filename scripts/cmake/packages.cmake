# What is installed beside the programs, find_package(enas4d) for those who build on the library, and Debian packages of both:
# enas4d and libenas4d-dev.
include(CMakePackageConfigHelpers)
set(ENAS4D_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/enas4d)

function(install_enas4d_library)
  install(TARGETS enas4d-core enas4d EXPORT enas4d-targets ARCHIVE COMPONENT development)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/lib/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/enas4d COMPONENT development
    FILES_MATCHING PATTERN "*.h")
  install(EXPORT enas4d-targets NAMESPACE enas4d:: DESTINATION ${ENAS4D_CMAKE_FOLDER} COMPONENT development)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/enas4dConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_SOURCE_DIR}/scripts/cmake/enas4dConfig.cmake ${PROJECT_BINARY_DIR}/enas4dConfigVersion.cmake
    DESTINATION ${ENAS4D_CMAKE_FOLDER} COMPONENT development)
endfunction()

install(DIRECTORY schemas/ DESTINATION ${CMAKE_INSTALL_DATADIR}/enas4d/schemas COMPONENT programs
  PATTERN examples EXCLUDE)
# The documents lie as in the sources, so that their links hold.
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT programs)
foreach(module lib schemas)
  install(FILES ${module}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/${module} COMPONENT programs)
endforeach()
# The tutorial begins with some of these.
install(DIRECTORY schemas/spaces schemas/recipes DESTINATION ${CMAKE_INSTALL_DOCDIR}/schemas COMPONENT programs)
install(DIRECTORY scripts/examples scripts/pictures DESTINATION ${CMAKE_INSTALL_DOCDIR}/scripts COMPONENT programs
  PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE
  REGEX "\\.(py|mjs)$" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME enas4d)
set(CPACK_PACKAGE_VENDOR enas4d)
set(CPACK_PACKAGE_CONTACT "enas4d <enas4d@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)  # lib/cli/shipped.cpp knows it, too
set(CPACK_STRIP_FILES ON)
# Whatever the umask is of who builds it.
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL programs development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)

set(CPACK_COMPONENT_PROGRAMS_DESCRIPTION ${PROJECT_DESCRIPTION})
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_NAME enas4d)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SHLIBDEPS ON)
# By name: what the programs' libraries ask for is met by Debian's reference BLAS, which is thirty times slower.
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_DEPENDS libopenblas0-openmp)
set(CPACK_DEBIAN_PROGRAMS_PACKAGE_SUGGESTS "bash-completion, dataset-fashion-mnist, gnuplot-nox, jq, bsdextrautils")

set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "Libraries and headers of enas4d")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libenas4d-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "enas4d (= ${PROJECT_VERSION}), libtorch-dev, libopenblas0-openmp, libgoogle-perftools-dev, libonnx-dev, libprotobuf-dev, libfmt-dev, nlohmann-json3-dev, libssl-dev, zlib1g-dev, libjpeg62-turbo-dev, libpng-dev")
include(CPack)
