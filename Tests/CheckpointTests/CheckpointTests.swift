import Checkpoint
import Testing

@Suite struct CheckpointTests {
  private func tensor(_ names: String...) -> [UInt8] {
    let records = names.enumerated().map { i, name in
      "\"\(name)\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[\(i),\(i + 1)]}"
    }
    return safetensors("{\(records.joined(separator: ","))}", names.map { _ in 0 })
  }

  private let index = "diffusion_pytorch_model.safetensors.index.json"

  @Test func aFolderWithOneFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", #"{"_class_name": "AutoencoderKL"}"#.utf8)
    try folder.write("diffusion_pytorch_model.safetensors", tensor("a", "b"))
    let checkpoint = try Checkpoint.open(folder.path)
    #expect(checkpoint.entries.map(\.name) == ["a", "b"])
    #expect(checkpoint.configuration == .object(["_class_name": .string("AutoencoderKL")]))
    #expect(checkpoint.paths == ["\(folder.path)/diffusion_pytorch_model.safetensors"])
  }

  @Test func aFolderOfShards() throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", "{}".utf8)
    try folder.write("s2", tensor("c"))
    try folder.write("s1", tensor("a", "b"))
    try folder.write(index, #"{"weight_map": {"c": "s2", "a": "s1", "b": "s1"}}"#.utf8)
    let checkpoint = try Checkpoint.open(folder.path + "/")
    #expect(checkpoint.entries.map(\.name) == ["a", "b", "c"])
    #expect(checkpoint.paths == ["\(folder.path)/s1", "\(folder.path)/s2"])
    #expect(checkpoint.files.map(\.count) == [tensor("a", "b").count, tensor("c").count])
  }

  @Test(arguments: [
    (#"{"weight_map": {"a": "../s1"}}"#, "a file name is needed"),
    (#"{"weight_map": {"a": "/etc/passwd"}}"#, "a file name is needed"),
    (#"{"weight_map": {"a": ".."}}"#, "a file name is needed"),
    (#"{"weight_map": {"a": ""}}"#, "a file name is needed"),
    (#"{"weight_map": {"a": "s1\u0000"}}"#, "a file name is needed"),
    (#"{"weight_map": {"a": 1}}"#, "a file name is needed"),
    (#"{"weight_map": []}"#, "no object \"weight_map\""),
    (#"{"weight_map": {"a": "s1"}}"#, "holds tensor 'b', contrary to"),
    (#"{"weight_map": {"a": "s1", "b": "s1", "c": "s1"}}"#, "lacks tensor 'c', contrary to"),
    (#"{"weight_map": {"a": "s1", "b": "s1", "c": "s3"}}"#, "s3: No such file"),
    ("{", "not valid JSON"),
  ])
  func faultyIndicesAreRefused(_ text: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", "{}".utf8)
    try folder.write("s1", tensor("a", "b"))
    try folder.write(index, text.utf8)
    let failure = try #require(failure { try Checkpoint.open(folder.path) })
    #expect(failure.contains(message), "\(failure)")
  }

  @Test func incompleteFoldersAreRefused() throws {
    let folder = try TemporaryFolder()
    #expect(failure { try Checkpoint.open(folder.path) }?.contains("holds no config.json") == true)
    try folder.write("config.json", "{}".utf8)
    #expect(failure { try Checkpoint.open(folder.path) }?.contains("holds no weights") == true)
  }

  @Test func filesAreToldApart() throws {
    #expect(try Checkpoint.open(fixture("bare.pt")).entries.map(\.name) == [""])
    let folder = try TemporaryFolder()
    let path = try folder.write("weights", tensor("a"))
    #expect(try Checkpoint.open(path).entries.map(\.name) == ["a"])
    let wrong = try folder.write("x.pt", tensor("a"))
    #expect(failure { try Checkpoint.open(wrong) }?.contains("no zip archive") == true)
  }

  @Test func embeddedBytes() throws {
    let bytes = tensor("a")
    let forever = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    forever.copyBytes(from: bytes)
    let checkpoint = try Checkpoint(embedded: UnsafeRawBufferPointer(forever), name: "tiny")
    #expect(checkpoint.entries.map(\.name) == ["a"])
    #expect(checkpoint.paths == ["tiny"])
    #expect(checkpoint.files[0].withBytes { Array($0) } == bytes)
  }
}
