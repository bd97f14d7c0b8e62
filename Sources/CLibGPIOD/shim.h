// Flags for libgpiod come from pkg-config; what the library offers is used in CGPIOD alone.
