/// An eliminated matrix: what solves A x = f and A^T x = f, together with the tip. Written only while
/// one solver holds the sole reference.
final class Factors: @unchecked Sendable {
  // Sendable by hand, see above.
  let elimination: Elimination

  init(_ structure: Structure) { elimination = structure.plan.elimination() }
}
