import Testing

@testable import Checkpoint

@Suite struct PickleReaderTests {
  private func read(_ pickle: [UInt8]) throws -> [(name: String, tensor: PickleTensor)] {
    try pickle.withUnsafeBytes { try PickleReader.read($0) }.tensors()
  }

  private func message(_ pickle: [UInt8]) -> String? {
    do {
      _ = try read(pickle)
      return nil
    } catch {
      return (error as? FormatProblem)?.message
    }
  }

  private func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  /// A tensor in a storage of 8 floats.
  private func tensor(offset: Int, shape: [Int], strides: [Int], count: Int = 8) -> [UInt8] {
    func integer(_ value: Int) -> [UInt8] { [0x8a, 8] + littleEndian(value) }
    func tuple(_ values: [Int]) -> [UInt8] { [0x28] + values.flatMap(integer) + [0x74] }
    let key: [UInt8] = [0x8c, 1, 0x30]
    let id = [0x28, 0x8c, 7] + Array("storage".utf8) + global("torch", "FloatStorage") + key + key
    return global("torch._utils", "_rebuild_tensor_v2") + [0x28] + id + integer(count)
      + [0x74, 0x51] + integer(offset) + tuple(shape) + tuple(strides) + Array("NNtR.".utf8)
  }

  @Test func viewsInsideTheirStorage() throws {
    #expect(try read(tensor(offset: 0, shape: [2, 4], strides: [4, 1])).count == 1)
    #expect(try read(tensor(offset: 7, shape: [], strides: []))[0].tensor.offset == 7)
    #expect(
      try read(tensor(offset: 1, shape: [2, 3], strides: [1, 2]))[0].tensor.isDense == false)
    #expect(try read(tensor(offset: .max, shape: [.max, 0], strides: [1, 1])).count == 1)
  }

  @Test(
    arguments: [
      (0, [9], [1]), (1, [8], [1]), (0, [2], [8]), (-1, [2], [1]), (0, [-2], [1]), (0, [2], [-1]),
      (0, [2], [1, 1]), (0, [3, 3], [0, 1]), (8, [1], [1]), (Int.max, [2], [1]),
      (0, [Int.max], [Int.max]), (0, [1 << 32, 1 << 32], [0, 0]), (0, [2, 2], [Int.max, Int.max]),
    ] as [(Int, [Int], [Int])])
  func viewsOutsideTheirStorageAreRefused(_ offset: Int, _ shape: [Int], _ strides: [Int]) {
    #expect(message(tensor(offset: offset, shape: shape, strides: strides)) != nil)
  }

  @Test(arguments: [
    ("os", "system"), ("builtins", "eval"), ("torch", "load"), ("torch", "storage.FloatStorage"),
    ("torch.storage", "_load_from_bytes"), ("collections", "Counter"), ("torch._utils", "getattr"),
    ("numpy.core.multiarray", "_reconstruct"), ("posix", "system\u{1b}[2J"),
  ])
  func otherGlobalsAreRefusedByName(_ module: String, _ name: String) throws {
    let expected = "asks for \("\(module).\(name)".quoted), which is refused"
    #expect(try #require(message(global(module, name) + [0x2e])).hasPrefix(expected))
    let texts = [module, name].reduce(into: [UInt8]()) { pickle, text in
      pickle += [0x8c, UInt8(text.utf8.count)] + Array(text.utf8)
    }
    #expect(try #require(message(texts + [0x93, 0x2e])).hasPrefix(expected))
  }

  @Test(
    arguments: [
      [], [0x2e], [0x28, 0x2e], [0x4e, 0x4e, 0x2e], [0x4e, 0x2e, 0x4e], [0x74, 0x2e], [0x75, 0x2e],
      [0x7d, 0x4e, 0x73, 0x2e], [0x7d, 0x28, 0x4e, 0x75, 0x2e], [0x4e, 0x28, 0x4e, 0x73, 0x2e],
      [0x4e, 0x4e, 0x52, 0x2e], [0x68, 3, 0x2e], [0x71, 0, 0x2e], [0x4e, 0x51, 0x2e], [0x58, 255],
      [0x58, 255, 255, 255, 255, 0x61], [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x2e], [0x63, 0x61],
      [0x4e, 0x61, 0x2e], [0x5d, 0x28, 0x2e], [0x28, 0x4e, 0x81, 0x2e], [0x69, 0x2e], [0x85, 0x2e],
      [0x29, 0x7d, 0x62, 0x62, 0x2e], [0x8c, 1, 0xff, 0x2e], [0x4e, 0x28, 0x30, 0x2e], [0xff],
    ] as [[UInt8]])
  func brokenPicklesAreRefused(_ pickle: [UInt8]) {
    #expect(message(pickle) != nil)
  }

  @Test func deepNestingNeitherRecursesNorHangs() throws {
    // ((((…)))), a dictionary in itself, and dictionaries that double what they hold, 60 deep.
    let tuples = [0x29] + [UInt8](repeating: 0x85, count: 1 << 19) + [0x2e]
    #expect(try read(tuples).isEmpty)
    let circle: [UInt8] = [0x7d, 0x71, 0, 0x4b, 1, 0x68, 0, 0x73, 0x2e]
    #expect(message(circle)?.contains("in a circle") == true)
    var bomb: [UInt8] = [0x7d, 0x28, 0x4b, 0, 0x7d, 0x71, 0]
    for level in 1...60 as ClosedRange<UInt8> {
      bomb += [0x4b, level, 0x7d, 0x28]
      for key in 0..<8 as Range<UInt8> { bomb += [0x4b, key, 0x68, level - 1] }
      bomb += [0x75, 0x71, level]
    }
    #expect(message(bomb + [0x75, 0x2e])?.contains("too deeply") == true)
  }

  @Test func sizesAreLimited() {
    let pickle = [UInt8](repeating: 0x4e, count: PickleReader.maximumSize + 1)
    #expect(message(pickle)?.contains("at most") == true)
    #expect(message([UInt8](repeating: 0x4e, count: 1 << 21))?.contains("objects") == true)
  }
}
