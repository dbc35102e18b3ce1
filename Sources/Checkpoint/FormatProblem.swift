/// What is wrong with a file's contents; the file's name is added where it is known.
package struct FormatProblem: Error {
  package let message: String

  init(_ message: String) {
    self.message = message
  }
}
