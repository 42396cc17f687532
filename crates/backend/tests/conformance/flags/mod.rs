//! Flags: their life as entries, what programs read and evaluate, and the signals of changes.

mod life;
mod programs;
mod streams;
