/// Must fail the Embedded proof: memory taken from the platform behind the compiler's back.
public func takeMemory() -> UnsafeMutableRawPointer? { platformMemory(16) }

@_silgen_name("malloc")
func platformMemory(_ size: Int) -> UnsafeMutableRawPointer?
