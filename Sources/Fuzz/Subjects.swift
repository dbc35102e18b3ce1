/// The parsers that can be fuzzed.
let subjects: [String: @Sendable () throws -> Subject] = [
  "json": Subject.json, "safetensors": Subject.safetensors, "pickle": Subject.pickle,
  "zip": Subject.zip, "latents": Subject.latents, "y4m": Subject.y4m, "media": Subject.media,
]
