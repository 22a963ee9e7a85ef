# A room is a folder of src/ and one library that sees only the rooms it may know: a wrong include does not build,
# because the include path of a room holds links to just those folders (build/<preset>/rooms/<room>/<folder>).

# berth_room(NAME [KNOWS room...] [USES library...])
#   NAME.cpp files become the library berth_NAME, *_test.cpp files the test program NAME_test.
function(berth_room NAME)
  cmake_parse_arguments(ROOM "" "" "KNOWS;USES" ${ARGN})

  file(GLOB_RECURSE SOURCES CONFIGURE_DEPENDS *.cpp *.hpp)
  set(TESTS ${SOURCES})
  list(FILTER TESTS INCLUDE REGEX "_test\\.cpp$|/testing/")
  list(FILTER SOURCES EXCLUDE REGEX "_test\\.cpp$|/testing/|/main\\.cpp$")

  set(VIEW ${CMAKE_BINARY_DIR}/rooms/${NAME})
  file(MAKE_DIRECTORY ${VIEW})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${VIEW}/${NAME} SYMBOLIC)
  foreach(KNOWN ${ROOM_KNOWS})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/src/${KNOWN} ${VIEW}/${KNOWN} SYMBOLIC)
    list(APPEND KNOWN_TARGETS berth_${KNOWN})
  endforeach()

  if(NOT SOURCES)
    add_library(berth_${NAME} INTERFACE)
    return()
  endif()
  add_library(berth_${NAME} STATIC ${SOURCES})
  set_target_properties(berth_${NAME} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(berth_${NAME} PRIVATE ${VIEW})
  target_link_libraries(berth_${NAME} PUBLIC ${KNOWN_TARGETS} ${ROOM_USES})
  target_precompile_headers(berth_${NAME} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)

  if(TESTS)
    add_executable(${NAME}_test ${TESTS})
    target_include_directories(${NAME}_test PRIVATE ${VIEW})
    target_link_libraries(${NAME}_test PRIVATE berth_${NAME} GTest::gmock GTest::gtest_main)
    target_precompile_headers(${NAME}_test PRIVATE ${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp)
    add_test(NAME ${NAME} COMMAND ${NAME}_test --gtest_brief=1)
    set_tests_properties(${NAME} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
