/// Identifies this release.
public enum Build {
  /// The release: printed by `--version`, exported as `laurel_build_info`, and the label of the image.
  public static let version = "0.1"
}
