import Checkpoint
import Foundation
import Tensor
import Testing

@Suite struct SafetensorsWriterTests {
  private typealias Item = SafetensorsWriter.Item
  private let values = Tensor([2, 3], [0, 1, 2, 3, 4, 5])

  private func write(_ folder: TemporaryFolder, _ name: String = "x") throws -> String {
    try folder.create(name) { descriptor, path in
      var writer = try SafetensorsWriter(
        descriptor: descriptor, path: path,
        items: [
          Item(name: "half", dtype: .f16, shape: [3]),
          Item(name: "full", dtype: .f32, shape: [2, 3]),
          Item(name: "b \"é\n", dtype: .bf16, shape: []),
          Item(name: "none", dtype: .f32, shape: [0]),
        ], metadata: ["z": "1", "a": "line\n\"é😀\u{7f}"])
      try [1, 2, 3].withUnsafeBufferPointer { try writer.write($0, to: "half") }
      // In pieces, the last first.
      try [3, 4, 5].withUnsafeBufferPointer { try writer.write($0, to: "full", from: 3) }
      try [0, 1, 2].withUnsafeBufferPointer { try writer.write($0, to: "full") }
      try writer.write(Tensor([], [7]), to: "b \"é\n")
      try writer.finish()
    }
  }

  @Test func comesBack() throws {
    let folder = try TemporaryFolder()
    let file = try SafetensorsFile(path: write(folder))
    #expect(file.metadata == ["z": "1", "a": "line\n\"é😀\u{7f}"])
    #expect(file.entries.count == 4)
    #expect(try file["full"]?.float32().values == values.values)
    #expect(file["full"]?.shape == [2, 3])
    #expect(try file["half"]?.float32().values == [1, 2, 3])
    #expect(try file["b \"é\n"]?.float32().values == [7])
    #expect(file["none"]?.shape == [0])
  }

  @Test func sameCallsGiveTheSameBytes() throws {
    let folder = try TemporaryFolder()
    let files = try ["x", "y"].map { try Data(contentsOf: URL(filePath: write(folder, $0))) }
    #expect(files[0] == files[1])
    #expect(UInt64(files[0][0]) % 8 == 0)
  }

  @Test func pythonReadsIt() throws {
    let folder = try TemporaryFolder()
    let script = """
      import safetensors
      with safetensors.safe_open("\(try write(folder))", "pt") as f:
        print(f.metadata()["a"] == 'line\\n"é😀\\x7f', sorted(f.keys()))
        print([f.get_tensor(k).tolist() for k in ("full", "half", "none", 'b "é\\n')])
      """
    guard let output = try python(script, needs: "torch") else { return }
    #expect(
      output == """
        True ['b "é\\n', 'full', 'half', 'none']
        [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], [1.0, 2.0, 3.0], [], 7.0]

        """)
  }

  @Test func misuseIsRefused() throws {
    let folder = try TemporaryFolder()
    _ = try folder.create("x") { descriptor, path in
      func writer(_ items: [Item]) throws -> SafetensorsWriter {
        try SafetensorsWriter(descriptor: descriptor, path: path, items: items)
      }
      let item = Item(name: "a", dtype: .f16, shape: [3])
      #expect(failure { try writer([item, item]) }?.contains("names must differ") == true)
      let metadata = Item(name: "__metadata__", dtype: .f16, shape: [3])
      #expect(failure { try writer([metadata]) } != nil)
      var one = try writer([item])
      #expect(failure { try one.finish() }?.contains("3 elements of tensor 'a'") == true)
      #expect(failure { try one.write(Tensor([4]), to: "a") }?.contains("lie outside") == true)
      #expect(failure { try one.write(Tensor([3]), to: "b") }?.contains("not among those") == true)
      #expect(
        failure { try one.write(Tensor([3], [0, 0, .nan]), to: "a") }?
          .contains("value 2 of tensor 'a' is nan, which F16 cannot hold") == true)
      #expect(
        failure { try one.write(Tensor([3], [0, 65520, 0]), to: "a") }?.contains("65520") == true)
    }
  }

  @Test func aFullDiskIsNamed() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let failure = failure {
      try SafetensorsWriter(descriptor: descriptor, path: "out.safetensors", items: [])
    }
    #expect(failure == "out.safetensors: cannot be written: No space left on device")
  }
}
