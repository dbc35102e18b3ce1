import Checkpoint
import Tensor
import Testing

@Suite struct WeightLoaderTests {
  private let entries = [
    TensorEntry("conv.weight", Tensor([2, 1, 1, 1], [1, 2])),
    TensorEntry("conv.bias", Tensor([2], [3, 4])),
  ]

  @Test func handsOutWeights() throws {
    let loader = WeightLoader(entries, source: "file")
    let scope = loader.root["conv"]
    #expect(scope.contains("weight") && !scope.contains("scale"))
    // Extents of 1 at the end may be missing or too many.
    let weight = scope.take("weight", [2, 1])
    #expect(weight.values() == [1, 2])
    #expect(weight.name == "conv.weight" && !weight.isRecording && weight.dtype == .f32)
    #expect(scope.take("bias", [2, 1, 1]).values() == [3, 4])
    try loader.finish()
    #expect(loader.requested.map(\.name) == ["conv.weight", "conv.bias"])
  }

  @Test func missingExtraAndMisshapenTensorsAreNamed() {
    let loader = WeightLoader(entries, source: "file")
    _ = loader.root.take("norm.weight", [5])
    #expect(loader.root["conv"].take("bias", [3]).values() == [0, 0, 0])
    #expect(
      failure { try loader.finish() }
        == "file: does not fit the model: tensor 'norm.weight' of shape [5] is missing; "
        + "tensor 'conv.bias' has shape [2]; [3] is needed; "
        + "tensor 'conv.weight' of shape [2, 1, 1, 1] has no place")
  }

  @Test func longListsAreCut() {
    let loader = WeightLoader([], source: "file")
    for i in 0..<100 { _ = loader.root.take("\(i)", [1]) }
    #expect(failure { try loader.finish() }?.hasSuffix("; and 96 more") == true)
  }

  @Test func valuesThatAreNotFiniteAreNamed() {
    let loader = WeightLoader([TensorEntry("w", Tensor([1, 2], [0, .infinity]))], source: "file")
    _ = loader.root.take("w", [1, 2])
    #expect(failure { try loader.finish() }?.contains("'w' is NaN or infinite at [0, 1]") == true)
  }

  @Test func integersAreRefused() throws {
    let file = try SafetensorsFile(
      file: memory(
        safetensors(#"{"i":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, [1, 2])))
    let loader = WeightLoader(file.entries, source: "file")
    _ = loader.root.take("i", [2])
    #expect(failure { try loader.finish() }?.contains("holds U8") == true)
  }

  @Test func recordingNeedsNoData() throws {
    let loader = WeightLoader(recording: ())
    let weight = loader.root["a"]["b"].take("c", [2, 3])
    #expect(weight.isRecording && weight.count == 6)
    try loader.finish()
    #expect(loader.requested.map(\.name) == ["a.b.c"])
    #expect(loader.requested.map(\.shape) == [[2, 3]])
  }
}
