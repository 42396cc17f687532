//! The flag engine from outside: published vectors, distribution of the buckets, properties of any
//! flag and context, hostile definitions.

mod distribution;
mod hostile;
mod properties;
mod vectors;
