import Terms
import TermsFiles

extension TermsFiles {
  /// The program of a file's text. `file` is the name in error messages.
  public static func parse(_ text: String, file: String) throws(TermsProblems) -> Program {
    try parseFile(Array(text.utf8), file: file).program
  }
}
