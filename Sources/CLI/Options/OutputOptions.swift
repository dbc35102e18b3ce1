import ArgumentParser

/// Options about what is written and shown.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Replace files that exist.")
  var overwrite = false

  @Flag(help: "Print the result as one JSON object on standard output.")
  var json = false

  @Flag(name: [.customShort("q"), .long], help: "Show errors only.")
  var quiet = false
}
