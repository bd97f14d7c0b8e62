import Testing

/// Values that were taken in silence once.
@Suite struct RefusalTests {
  @Test(arguments: [
    (["benchmark", "accuracy", "--at-least", "nan"], "--at-least is nan"),
    (["benchmark", "accuracy", "--at-least", "101"], "allowed is 0 ... 100"),
    (["benchmark", "estimate", "--imbalance", "9"], "--imbalance is 9"),
    (["benchmark", "estimate", "--imbalance", "nan"], "--imbalance is nan"),
    (["benchmark", "estimate", "--steps", "0"], "--steps is 0"),
    (["benchmark", "step", "--steps", "0"], "--steps is 0"),
    (["benchmark", "step", "--target", "gpio"], "--target is double or pins"),
    (["benchmark", "operations", "--steps", "0"], "--steps is 0"),
    (["benchmark", "firmware", "--steps=-1"], "--steps is -1"),
    (["reproduce", "--list", "drift"], "--list runs nothing"),
    (["board", "bipartite", "--sources", "1024", "--targets", "1024"], "1048576 edges"),
    (["train", "--seed", "-1"], "The value '-1' is invalid for '--seed"),
    (["cycle", "--seed", "-1"], "The value '-1' is invalid for '--seed"),
  ])
  func `what means nothing is wrong usage, and named`(_ words: [String], _ told: String) throws {
    try Program.run { tellegen in
      let end = try tellegen(words)
      #expect(end.code == 64, "\(words)")
      #expect(end.errors.contains(told), "\(end.errors)")
    }
  }
}
