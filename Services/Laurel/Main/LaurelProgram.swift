import BusCommands
import CommandKit
import Contracts
import Foundation
import OfflineCommands
import ServiceKit
import TermsFiles
import Worker

private let laurel = Command(
  "laurel", summary: "Run and operate Laurel's referral programs",
  example: """
    # the three programs' examples on a bus in memory, with the notices as they arrive
    laurel demo
    # what would these events earn whom?
    laurel simulate --terms ops/terms --events ops/demo/bonus.jsonl
    """,
  subcommands: [
    Demo.command, Simulate.command, Explain.command, AccountBalance.command, Backtest.command, TermsCheck.command, Size.command,
    Dev.command, Publish.command, Tail.command, Export.command, Clock.command, Topics.command, DeadLetters.command,
    Verify.command, Repair.command, WithdrawalsDesk.command, PayoutsDesk.command, ReferralsDesk.command,
    CorrectionDesk.command, HealthProbe.command,
  ], version: Build.version)

/// The operator's program: parses the command line, runs the command and exits with its status.
enum LaurelProgram {
  static func run() -> Never {
    // Let write(2) fail at a file's size limit. By default the signal ends the process.
    signal(SIGXFSZ, SIG_IGN)
    let invocation = laurel.parseOrExit(alsoKnown: Settings.names)
    do {
      exit(try invocation.run?(invocation) ?? UsageError.exitCode)
    } catch is ResultOutput.ReaderGone {
      // The status that a shell reports for a program ended by SIGPIPE.
      exit(128 + SIGPIPE)
    } catch let misuse as UsageError {
      notify("\(misuse)")
      exit(UsageError.exitCode)
    } catch let problems as TermsProblems {
      notify("laurel: the terms cannot be used:\n\(problems)")
      exit(1)
    } catch {
      notify("laurel: \(plainWords(error))")
      exit(1)
    }
  }
}
