//! The one integration test binary.

mod diagnostics;
