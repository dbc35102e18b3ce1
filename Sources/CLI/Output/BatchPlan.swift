import ArgumentParser
import Codec
import Foundation

/// Which inputs a command works on, and where the result of each goes.
struct BatchPlan {
  /// An input and the place of its result.
  struct Item {
    let input: BatchInput
    let place: OutputPlace
  }

  let items: [Item]
  /// Several inputs, a folder or a list: goes on after failures and skips what is done.
  let isBatch: Bool

  /// - Parameters:
  ///   - arguments: files, folders and `@lists`.
  ///   - output: a file for one input, a folder for several; nil puts results beside the inputs.
  init(_ arguments: [String], kind: InputList.Kind, output: String?) throws {
    let inputs = try InputList.expand(arguments, kind: kind)
    isBatch = arguments.count > 1 || inputs != [BatchInput(path: arguments[0])]
    let isFolder = output.map { $0.hasSuffix("/") || Self.isFolder($0) } ?? false
    if isBatch, let output, !isFolder, FileManager.default.fileExists(atPath: output) {
      throw ValidationError("\(output): several inputs need a folder to write to")
    }
    if inputs.count > 1, output == "-" {
      throw ValidationError("-o -: standard output takes a single result")
    }
    if output == nil, inputs.contains(where: { $0.path == "-" }) {
      throw ValidationError("standard input has no name to call the result after; give -o FILE")
    }
    let isIntoFolder = isBatch || isFolder
    // However a folder is spelled, its names are taken once.
    var names: [String: OutputNames] = [:]
    items = inputs.map { input in
      if let output, !isIntoFolder { return Item(input: input, place: .file(output)) }
      let folder = output ?? input.path.parentFolder
      let named = output == nil ? BatchInput(path: input.path) : input
      let key = URL(filePath: folder.isEmpty ? "." : folder).standardizedFileURL.path
      let name = names[key, default: OutputNames()].next(for: named)
      return Item(input: input, place: .base(folder.appendingPath(name)))
    }
  }

  /// What to do about outputs that are there already.
  func existing(overwrite: Bool) -> ExistingOutput {
    overwrite ? .overwrite : isBatch ? .resume : .refuse
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }
}
