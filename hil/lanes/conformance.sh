# The conformance suite, by the package's own tests.
TELLEGEN_GPIO_BOARD=/board.yaml /TellegenPackageTests.xctest --testing-library swift-testing \
  --filter KernelConformanceTests >/out/log 2>&1
code conformance $?
