import Foundation
import Tensor
import Testing

@testable import Checkpoint

@Suite struct TorchArchiveTests {
  private func entries(_ name: String) throws -> [String: TensorEntry] {
    let entries = try TorchArchive(path: fixture(name)).entries
    return Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0) })
  }

  @Test func aBareTensor() throws {
    let entry = try #require(try entries("bare.pt")[""])
    #expect(entry.shape == [2, 3, 4])
    #expect(try entry.float32().values == (0..<24).map(Float.init))
  }

  @Test func aStateDictionary() throws {
    let entries = try entries("state_dict.pt")
    #expect(entries.count == 7)
    for name in ["half", "bfloat"] {
      #expect(try entries["vae.\(name)"]?.float32().values == (0..<24).map(Float.init))
    }
    let transposed = try #require(entries["vae.transposed"])
    #expect(transposed.shape == [4, 2, 3])
    #expect(
      try transposed.float32().values
        == (0..<4).flatMap { i in stride(from: i, to: 24, by: 4).map(Float.init) })
    #expect(try entries["vae.part"]?.float32().values == [16, 18, 20, 22])
    #expect(try entries["vae.parameter"]?.float32().values == [0, 1, 2, 3])
    #expect(try entries["vae.scalar"]?.float32().values == [7])
    #expect(entries["vae.empty"]?.shape == [0, 5])
  }

  @Test func nestedDictionaries() throws {
    let entries = try entries("nested.pt")
    #expect(entries.keys.sorted() == ["model.bias", "model.weight", "steps.1"])
    #expect(entries["steps.1"]?.dtype == .i64)
  }

  @Test func laterPickleProtocols() throws {
    #expect(try entries("protocol4.pt")["latents"]?.float32().values == (0..<24).map(Float.init))
  }

  @Test(arguments: [
    ("evil.pt", "asks for 'posix.system', which is refused"),
    ("legacy.pt", "is no zip archive"), ("nothing.pt", "holds no tensors"),
    ("expanded.pt", "it must fit in there"),
  ])
  func otherFilesAreRefused(_ name: String, _ message: String) throws {
    let failure = try #require(failure { try TorchArchive(path: fixture(name)) })
    #expect(failure.contains(message), "\(failure)")
  }

  @Test func compressedEntriesAreRefused() throws {
    var bytes = try Array(Data(contentsOf: URL(filePath: fixture("bare.pt"))))
    // The method, in the first local header and in its entry of the directory: 8 is deflate.
    for (signature, offset) in [([0x50, 0x4b, 3, 4], 8), ([0x50, 0x4b, 1, 2], 10)]
      as [([UInt8], Int)]
    {
      let place = try #require(bytes.firstRange(of: signature)).lowerBound
      bytes[place + offset] = 8
    }
    let failure = failure { try TorchArchive(file: memory(bytes)) }
    #expect(failure?.contains("compressed") == true, "\(failure ?? "accepted")")
  }

  @Test func damagedPicklesAreNoticed() throws {
    var bytes = try Array(Data(contentsOf: URL(filePath: fixture("bare.pt"))))
    let place = try #require(bytes.firstRange(of: Array("storage".utf8)))
    bytes[place.lowerBound] ^= 1
    let failure = failure { try TorchArchive(file: memory(bytes)) }
    #expect(failure?.contains("checksum is wrong") == true)
  }

  @Test func everyTruncationIsRefused() throws {
    let bytes = try Array(Data(contentsOf: URL(filePath: fixture("bare.pt"))))
    for count in 0..<bytes.count {
      #expect(failure { try TorchArchive(file: memory(Array(bytes[..<count]))) } != nil)
    }
    #expect(failure { try TorchArchive(file: memory(bytes + [0])) } != nil)
    #expect(failure { try TorchArchive(file: memory(bytes + bytes)) } != nil)
  }
}

@Suite struct TorchTensorWriterTests {
  private func write(_ folder: TemporaryFolder, _ dtype: DType) throws -> String {
    try folder.create("\(dtype).pt") { descriptor, path in
      var writer = try TorchTensorWriter(
        descriptor: descriptor, path: path, dtype: dtype, shape: [2, 3, 1])
      try [3, 4, 5].withUnsafeBufferPointer { try writer.write($0, from: 3) }
      #expect(failure { try writer.finish() }?.contains("3 elements") == true)
      try [0, 1, 2].withUnsafeBufferPointer { try writer.write($0) }
      try writer.finish()
    }
  }

  @Test(arguments: [DType.f32, .f16, .bf16, .f64])
  func comesBack(_ dtype: DType) throws {
    let folder = try TemporaryFolder()
    let entries = try TorchArchive(path: try write(folder, dtype)).entries
    #expect(entries.map(\.name) == [""])
    #expect(entries[0].shape == [2, 3, 1] && entries[0].dtype == dtype)
    #expect(try entries[0].float32().values == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [DType.f32, .bf16])
  func pyTorchReadsIt(_ dtype: DType) throws {
    let folder = try TemporaryFolder()
    let path = try write(folder, dtype)
    let script = """
      import torch, zipfile
      t = torch.load("\(path)", weights_only=True)
      print(t.dtype, t.tolist(), t.is_contiguous(), zipfile.ZipFile("\(path)").testzip())
      """
    guard let output = try python(script, needs: "torch") else { return }
    let type = dtype == .f32 ? "float32" : "bfloat16"
    #expect(
      output == "torch.\(type) [[[0.0], [1.0], [2.0]], [[3.0], [4.0], [5.0]]] True None\n")
  }

  @Test func impossibleTensorsAreRefused() {
    for (dtype, shape) in [(DType.i64, [1]), (.f32, [1 << 31])] {
      let failure = failure {
        try TorchTensorWriter(descriptor: -1, path: "x.pt", dtype: dtype, shape: shape)
      }
      #expect(failure?.contains("cannot hold a tensor") == true)
    }
  }
}
