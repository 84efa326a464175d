# Counts the tests in the output of `CMOCKA_MESSAGE_OUTPUT=TAP ctest -V`: each case of a cmocka
# program, and each other test as one. A program that failed without a failing case (a crash, a
# sanitizer, a time-out) counts as one failure. Prints "passed failed skipped".

# "12: ok 3 - name": a case of test 12.
/^[0-9]+: (not )?ok [0-9]+/ {
    test = $1 + 0
    cases[test]++
    if ($2 == "not") { failed++; bad[test] = 1 }
    else if ($0 ~ /# *[Ss][Kk][Ii][Pp]/) skipped++
    else passed++
}

# " 3/40 Test  #12: unit.base.buf ......   Passed    0.01 sec"
/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: / {
    match($0, /#[0-9]+/)
    test = substr($0, RSTART + 1, RLENGTH - 1) + 0
    if ($0 ~ / Passed +[0-9.]+ sec/) { if (!cases[test]) passed++ }
    else if ($0 ~ /\*\*\*Skipped/) skipped++
    else if (!bad[test]) failed++
}

END { print passed + 0, failed + 0, skipped + 0 }
