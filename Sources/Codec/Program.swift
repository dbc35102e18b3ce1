/// The program as it names itself in the files it makes.
public enum Program {
  public static let name = "vaecodec"
  public static let version = "0.1.0"
}
