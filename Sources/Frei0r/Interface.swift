public import CFrei0r
import Foundation

// The functions of the frei0r 1.2 interface, under the names that hosts look up. Pointers come from
// the host, which keeps to the interface: an instance is one that f0r_construct returned, a picture
// is width · height pixels of four bytes.

/// Called once before anything else; 1 is success.
@_cdecl("f0r_init")
public func frei0rInit() -> Int32 {
  stayLoaded()
  ModelPool.shared.enter()
  return 1
}

/// Called when the host is done with the library.
@_cdecl("f0r_deinit")
public func frei0rDeinit() { ModelPool.shared.leave() }

/// Describes the filter.
@_cdecl("f0r_get_plugin_info")
public func frei0rGetPluginInfo(_ info: UnsafeMutablePointer<f0r_plugin_info_t>) {
  info.pointee = f0r_plugin_info_t(
    name: text("vaecodec"), author: text("vaecodec"), plugin_type: CInt(F0R_PLUGIN_TYPE_FILTER),
    color_model: CInt(F0R_COLOR_MODEL_RGBA8888), frei0r_version: CInt(FREI0R_MAJOR_VERSION),
    major_version: 0, minor_version: 1, num_params: CInt(Parameter.allCases.count),
    explanation: text("Shows frames as a video autoencoder gives them back"))
}

/// Describes a parameter.
@_cdecl("f0r_get_param_info")
public func frei0rGetParamInfo(_ info: UnsafeMutablePointer<f0r_param_info_t>, _ index: Int32) {
  guard let parameter = Parameter(rawValue: Int(index)) else { return }
  info.pointee = f0r_param_info_t(
    name: text(parameter.name),
    type: CInt(parameter.isNumber ? F0R_PARAM_DOUBLE : F0R_PARAM_STRING),
    explanation: text(parameter.explanation))
}

/// A new instance for pictures of this size; null, with one line on standard error, when the model
/// cannot be had or does not fit.
@_cdecl("f0r_construct")
public func frei0rConstruct(_ width: UInt32, _ height: UInt32) -> UnsafeMutableRawPointer? {
  do {
    let instance = try FilterInstance(width: Int(width), height: Int(height))
    return Unmanaged.passRetained(instance).toOpaque()
  } catch {
    FilterInstance.complain("\(error)")
    return nil
  }
}

/// Gives an instance back.
@_cdecl("f0r_destruct")
public func frei0rDestruct(_ instance: UnsafeMutableRawPointer?) {
  guard let instance else { return }
  Unmanaged<FilterInstance>.fromOpaque(instance).release()
}

/// Sets a parameter from a `double` or a `char *`, by its type.
@_cdecl("f0r_set_param_value")
public func frei0rSetParamValue(
  _ instance: UnsafeMutableRawPointer?, _ value: UnsafeMutableRawPointer?, _ index: Int32
) {
  guard let filter = filterInstance(instance), let value,
    let parameter = Parameter(rawValue: Int(index))
  else { return }
  if parameter.isNumber {
    filter.set(parameter, value.load(as: Double.self))
  } else if let given = value.load(as: UnsafePointer<CChar>?.self) {
    filter.set(parameter, String(cString: given))
  }
}

/// Reads a parameter into a `double` or a `char *`, by its type.
@_cdecl("f0r_get_param_value")
public func frei0rGetParamValue(
  _ instance: UnsafeMutableRawPointer?, _ value: UnsafeMutableRawPointer?, _ index: Int32
) {
  guard let filter = filterInstance(instance), let value,
    let parameter = Parameter(rawValue: Int(index))
  else { return }
  if parameter.isNumber {
    value.storeBytes(of: filter.settings.mix, as: Double.self)
  } else {
    value.storeBytes(of: filter.pointer(to: parameter), as: UnsafePointer<CChar>?.self)
  }
}

/// Makes one picture from another.
@_cdecl("f0r_update")
public func frei0rUpdate(
  _ instance: UnsafeMutableRawPointer?, _ time: Double, _ input: UnsafePointer<UInt32>?,
  _ output: UnsafeMutablePointer<UInt32>?
) {
  guard let filter = filterInstance(instance), let input, let output else { return }
  filter.update(input, output)
}

private func filterInstance(_ instance: UnsafeMutableRawPointer?) -> FilterInstance? {
  instance.map { Unmanaged<FilterInstance>.fromOpaque($0).takeUnretainedValue() }
}

/// A constant of the program's image, which is never freed.
private func text(_ constant: StaticString) -> UnsafePointer<CChar> {
  UnsafeRawPointer(constant.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Hosts unload filters after use, but Swift's runtime keeps pointers into every library it has met.
private func stayLoaded() {
  var library = frei0r_library_t()
  guard frei0r_find_library(#dsohandle, &library) != 0, let path = library.file else { return }
  _ = dlopen(path, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE)
}
