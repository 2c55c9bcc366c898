/// What this is a build of.
public enum Build {
  /// The release: what `--version` prints, `laurel_build_info` exports and the image is labelled with.
  public static let version = "0.1"
}
