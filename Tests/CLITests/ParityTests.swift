import Tensor
import TestSupport
import Testing

/// The reference's numbers through the command line.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct ParityTests {
  let folder: WorkFolder

  init() throws { folder = try WorkFolder() }

  /// Runs a command with the case's model.
  private func run(_ command: [String], _ parity: ParityCase) throws {
    let outcome = try Program.run(command + parity.modelOptions, in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  private func expect(
    _ name: String, in file: String, agreesWith expected: Tensor?,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try #require(try readTensors(folder(file))[name], sourceLocation: sourceLocation)
    let error = relativeError(found, try #require(expected, sourceLocation: sourceLocation))
    #expect(error <= 1e-4, "\(name)", sourceLocation: sourceLocation)
  }

  @Test(arguments: ParityCase.all)
  func commandsGiveTheReferencesNumbers(_ parity: ParityCase) throws {
    let reference = try parity.tensors()
    let encode = ["encode", parity.vectors, "--dtype", "f32", "-o"]
    try run(encode + ["z.safetensors"], parity)
    try expect("latents", in: "z.safetensors", agreesWith: reference["z"])
    try run(["decode", "z.safetensors", "-o", "out.safetensors"], parity)
    try expect("video", in: "out.safetensors", agreesWith: reference["recon"])
    // The reference's own latents, as another tool's file.
    try run(["decode", parity.vectors, "--tensor", "z", "-o", "recon.safetensors"], parity)
    try expect("video", in: "recon.safetensors", agreesWith: reference["recon"])
    if let mean = reference["mean"] {
      try run(encode + ["moments.safetensors", "--posterior", "moments"], parity)
      try expect("mean", in: "moments.safetensors", agreesWith: mean)
      try expect("logvar", in: "moments.safetensors", agreesWith: reference["logvar"])
    }
  }
}
