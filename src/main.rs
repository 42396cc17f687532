//! Nexus.
fn main() {}
