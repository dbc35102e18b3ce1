import Foundation
import Tensor
import Testing

@testable import Checkpoint

@Suite struct SafetensorsFileTests {
  private func open(_ header: String, _ data: [UInt8] = []) throws -> SafetensorsFile {
    try SafetensorsFile(file: memory(safetensors(header, data)))
  }

  @Test func readsTensorsOfEveryFloatType() throws {
    let data: [UInt8] =
      [0x00, 0x3c, 0x00, 0xc0] + [0x80, 0x3f, 0x00, 0xc0] + bytes(of: [1, -2] as [Float])
      + bytes(of: [1, -2] as [Double])
    let file = try open(
      """
      {"d":{"dtype":"F64","shape":[2],"data_offsets":[16,32]},
       "h":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"__metadata__":{"format":"pt"},
       "b":{"dtype":"BF16","shape":[1,2],"data_offsets":[4,8]},
       "f":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}
      """, data)
    #expect(file.metadata == ["format": "pt"])
    #expect(file.entries.map(\.name) == ["h", "b", "f", "d"])
    #expect(file.entries.map(\.dtype) == [.f16, .bf16, .f32, .f64])
    #expect(file["h"]?.shape == [2, 1])
    #expect(file["x"] == nil)
    for entry in file.entries { #expect(try entry.float32().values == [1, -2]) }
  }

  @Test func zeroSizeAndRankZeroAreLegal() throws {
    let file = try open(
      """
      {"e":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},
       "huge":{"dtype":"F32","shape":[0,9223372036854775807,9223372036854775807],
       "data_offsets":[4,4]},"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
      """, bytes(of: [5 as Float]))
    #expect(try file["s"]?.float32().values == [5])
    #expect(try file["e"]?.float32().count == 0)
    #expect(file["huge"]?.count == 0)
    #expect(try open("{}").entries.isEmpty)
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}"#, "dtype 'F31'; known are"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, "not negative"),
    (#"{"a":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#, "a whole number"),
    (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, "a value must come"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.5]}}"#, "a whole number"),
    (#"{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}"#, "a whole number"),
    (#"{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}"#, "64 bits"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
      "that is not its size"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, "that is not its size"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, "not before it"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "a begin and an end"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2,4]}}"#, "more than 2 numbers"),
    (#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, "trailing bytes"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, "is truncated"),
    (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}"#, "leaves a hole"),
    (
      #"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"#
        + #""b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}"#, "overlaps"
    ),
    (
      #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#, "overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, "lacks a field"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, "field 'x'"),
    (#"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "'dtype' again"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "key 'a' again"
    ),
    (#"{"__metadata__":{"a":1}}"#, "a string must come"),
    (#"{"__metadata__":[]}"#, "an object must come"),
    (#"{"__metadata__":null}"#, "an object must come"),
    (#"{"a":3}"#, "an object must come"),
    ("[]", "does not begin with '{'"),
    ("\u{feff}{}", "does not begin with '{'"),
    (" {}", "does not begin with '{'"),
    ("", "does not begin with '{'"),
    ("{}x", "text after the value"),
    ("{", "a string must come"),
    ("{\"\\ud800\":{}}", "lone surrogate"),
  ])
  func malformedHeadersAreRefused(_ header: String, _ message: String) throws {
    let failure = try #require(failure { try open(header, [0, 0, 0, 0]) })
    #expect(failure.hasPrefix("test: ") && failure.contains(message), "\(failure)")
  }

  private static let malformedFiles: [([UInt8], String)] = [
    ([], "0 bytes long"),
    ([1, 2, 3, 4, 5, 6, 7], "7 bytes long"),
    ([3, 0, 0, 0, 0, 0, 0, 0, 0x7b], "ends after 1"),
    ([1, 0xe1, 0xf5, 5, 0, 0, 0, 0], "a header of 100000001 bytes"),
    ([UInt8](repeating: 0xff, count: 8), "a header of 18446744073709551615 bytes"),
    ([6, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22, 0x3a, 0x7d], "not valid UTF-8"),
  ]

  @Test(arguments: malformedFiles)
  func malformedFilesAreRefused(_ bytes: [UInt8], _ message: String) throws {
    let failure = try #require(failure { try SafetensorsFile(file: memory(bytes)) })
    #expect(failure.contains(message), "\(failure)")
  }

  @Test(arguments: ["F32", "F16", "BF16", "F64"])
  func valuesThatAreNotFiniteAreNamed(_ dtype: String) throws {
    let size = DType(rawValue: dtype)!.size
    var data = [UInt8](repeating: 0, count: 6 * size)
    data.replaceSubrange(5 * size..<6 * size, with: [UInt8](repeating: 0xff, count: size))
    let file = try open(
      #"{"w":{"dtype":"\#(dtype)","shape":[2,3],"data_offsets":[0,\#(6 * size)]}}"#, data)
    #expect(
      failure { try file["w"]?.float32() }
        == "test: tensor 'w' is NaN or infinite at [1, 2]; all values must be finite")
  }

  @Test func integersAreNoFloats() throws {
    let file = try open(
      #"{"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, littleEndian(7 as Int64))
    #expect(failure { try file["i"]?.float32() }?.contains("holds I64") == true)
    #expect(file["i"]?.withBytes { Array($0) } == littleEndian(7 as Int64))
  }

  @Test func filesThatAreNone() throws {
    let folder = try TemporaryFolder()
    #expect(
      failure { try SafetensorsFile(path: "\(folder.path)/none") }?.contains("No such") == true)
    #expect(
      failure { try SafetensorsFile(path: folder.path) }?.contains("not a regular file") == true)
    #expect(failure { try SafetensorsFile(path: "/dev/zero") }?.contains("not a regular") == true)
    let empty = try folder.write("empty", [])
    #expect(failure { try SafetensorsFile(path: empty) }?.contains("0 bytes long") == true)
  }

  @Test func pythonsFilesAreRead() throws {
    let folder = try TemporaryFolder()
    let script = """
      import numpy, safetensors.numpy
      a = numpy.arange(6, dtype="f4").reshape(2, 3)
      safetensors.numpy.save_file({"a": a, "b": a.astype("f2"), "c": a.astype("f8")[:0],
        "d": numpy.array(3, dtype="f4")}, "\(folder.path)/x", metadata={"k": "é"})
      """
    guard try python(script, needs: "safetensors") != nil else { return }
    let file = try SafetensorsFile(path: "\(folder.path)/x")
    #expect(file.metadata == ["k": "é"])
    #expect(try file["a"]?.float32().values == [0, 1, 2, 3, 4, 5])
    #expect(try file["b"]?.float32().values == [0, 1, 2, 3, 4, 5])
    #expect(file["c"]?.shape == [0, 3])
    #expect(try file["d"]?.float32().values == [3])
  }
}
