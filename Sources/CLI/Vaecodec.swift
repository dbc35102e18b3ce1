import ArgumentParser
import Codec
import Foundation

/// The table of contents: one file per subcommand.
@main
struct Vaecodec: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vaecodec",
    abstract: "Video to the latents of video autoencoders and back.",
    discussion: """
      Encodes videos into the latent files that video diffusion models work on, renders latent \
      files as MP4, and measures what a round trip loses.
      """,
    version: Program.version,
    subcommands: [
      EncodeCommand.self, DecodeCommand.self, RoundtripCommand.self, InfoCommand.self,
      ModelsCommand.self, BenchCommand.self,
    ])

  /// Runs the command line; every failure is one line on standard error and an exit code.
  static func main() {
    // A pipe that closes is an error of the write.
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let status as ExitStatus {
      Foundation.exit(status.code)
    } catch let error where exitCode(for: error) != .failure {
      exit(withError: error)
    } catch {
      Diagnostics.error("\(error)")
      Foundation.exit(ExitStatus.failed.code)
    }
  }
}
