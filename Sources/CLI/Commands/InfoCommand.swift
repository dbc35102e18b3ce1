import ArgumentParser
import Checkpoint
import Codec
import Foundation
import Media

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "What a video, latent file or checkpoint holds, from its headers.",
    discussion: """
      A checkpoint's family and sizes are read off its tensors where no configuration gives them: \
      "given", "inferred" and "assumed" (the published default) tell them apart.
      """)

  @Argument(help: ArgumentHelp("A file, a diffusers folder, or tiny.", valueName: "file"))
  var file: String

  @Option(help: ArgumentHelp("A checkpoint's configuration.", valueName: "file"))
  var config: String?

  @Flag(help: "Print the result as one JSON object on standard output.")
  var json = false

  func run() throws {
    let description = try describe()
    if json { return try JSONOutput.print(description) }
    try StandardOutput.print(description.text)
  }

  private func describe() throws -> FileDescription {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
    let suffix = file.fileExtension
    let isTensorFile = ["safetensors", "pt", "pth", "bin", "latent"].contains(suffix)
    guard exists ? isFolder.boolValue || isTensorFile : file == ModelReference.tiny.name else {
      return FileDescription(try probe(file), file: file)
    }
    // No model has as few tensors as a latent file, none of which has as many as a model.
    if isTensorFile, try Checkpoint.open(file).entries.count <= 8 {
      return FileDescription(try LatentFile(file))
    }
    return try FileDescription(checkpoint: file, configuration: config)
  }
}
