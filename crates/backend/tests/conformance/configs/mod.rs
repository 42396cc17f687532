//! Configs: their life, their references, imports, and what programs read.

mod complete;
mod import;
mod life;
mod programs;
mod references;
mod schema;
