import Checkpoint
import Foundation
import Tensor
import TestSupport
import Testing

@testable import Models

@Suite struct RandomCheckpointTests {
  /// A small model of each kind of layer: written twice, read back, run.
  @Test func writesTheSameBytesAndRuns() throws {
    let fixture = try ParityCase("parity/dc_ae")
    let configuration = try ModelSummary(fixture.checkpoint(), configuration: fixture.configuration)
      .configuration
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = try [5, 5, 6].enumerated().map { index, seed in
      let file = folder.appending(path: "\(index).safetensors")
      #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
      let handle = try FileHandle(forWritingTo: file)
      try RandomCheckpoint.write(
        configuration, seed: UInt64(seed), dtype: .bf16, descriptor: handle.fileDescriptor,
        path: file.path)
      try handle.close()
      return file
    }
    let bytes = try files.map { try Data(contentsOf: $0) }
    #expect(bytes[0] == bytes[1])
    #expect(bytes[0] != bytes[2])

    let model = try VideoAutoencoder.load(
      .open(files[0].path), configuration: fixture.configuration)
    let clip = Tensor([3, 4, 32, 32], (0..<12288).map { Float($0 % 13) / 6 - 1 })
    let latents = try model.encode(clip).mode()
    let largest = latents.values.map(abs).max() ?? 0
    #expect(largest > 0.01 && largest < 100)
    let decoded = try model.decode(latents).values.map(abs).max() ?? 0
    #expect(decoded > 0.01 && decoded < 100)
  }
}
