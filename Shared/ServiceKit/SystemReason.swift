import Foundation

/// The system's message for a failed Foundation call, such as "No such file or directory".
public func systemReason(_ error: any Error) -> String {
  let cause = ((error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error) as NSError
  return cause.domain == NSPOSIXErrorDomain ? String(cString: strerror(Int32(cause.code))) : "\(cause.domain) \(cause.code)"
}
