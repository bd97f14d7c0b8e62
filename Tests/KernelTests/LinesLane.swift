import Testing

extension Lanes {
  @Suite struct LinesLane {
    @Test func `a get and a set go through the kernel to another process and back`() throws {
      let machine = try Machine("lines", board: "lattice", task: "xor")
      try machine.run("lines", seconds: 200)
      #expect(try machine.evidence.codes("lines") == [0])
      say(try machine.evidence.text("out/virtio"))
    }
  }
}
