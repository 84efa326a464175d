# Every flag is asked for, none is assumed: GCC and Clang differ, and so do their versions.
include(CheckCCompilerFlag)

add_library(writ_flags INTERFACE)
set(CMAKE_REQUIRED_FLAGS "-Wformat=2") # or GCC drops -Werror=format-security
foreach(
  flag
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wvla -Wcast-qual -Wpointer-arith -Wwrite-strings
  -Wundef -Wformat=2 -Wimplicit-fallthrough -Wduplicated-cond -Wlogical-op -Wtrampolines
  -Wbidi-chars=any -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion
  -Werror=format-security -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -fstrict-flex-arrays=3 -fno-delete-null-pointer-checks -fno-strict-overflow)
  string(MAKE_C_IDENTIFIER "HAVE_${flag}" var)
  check_c_compiler_flag("${flag}" ${var})
  if(${var})
    target_compile_options(writ_flags INTERFACE "${flag}")
  endif()
endforeach()
set(CMAKE_REQUIRED_FLAGS "")

target_compile_definitions(writ_flags INTERFACE _GNU_SOURCE)
if(WRIT_WERROR)
  target_compile_options(writ_flags INTERFACE -Werror)
endif()
if(WRIT_SANITIZE)
  target_compile_options(
    writ_flags INTERFACE -fsanitize=${WRIT_SANITIZE} -fno-sanitize-recover=all
                         -fno-omit-frame-pointer)
  target_link_options(writ_flags INTERFACE -fsanitize=${WRIT_SANITIZE})
else() # fortify and sanitizers fight each other
  target_compile_options(
    writ_flags INTERFACE
    "$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
  target_link_options(writ_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
                      -Wl,--as-needed)
endif()
if(WRIT_FUZZ)
  target_compile_options(writ_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
