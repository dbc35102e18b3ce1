import Foundation
import Testing

/// The help texts, as committed in `Snapshots`.
@Suite(.enabled(if: Program.isBuilt, "the program is not built")) struct HelpTests {
  @Test(arguments: ["vaecodec", "encode", "decode", "roundtrip", "info", "models", "bench"])
  func helpIsAsCommitted(command: String) throws {
    let arguments = command == "vaecodec" ? ["--help"] : [command, "--help"]
    // Lines are broken at 80 columns where there is no terminal.
    let help = try Program.run(arguments).output
    let snapshot = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Snapshots/\(command).txt")
    #expect(try help == String(contentsOf: snapshot, encoding: .utf8))
  }
}
