//! Configs: their life, their references, imports, and what programs read.

mod answers;
mod complete;
mod import;
mod life;
mod programs;
mod references;
mod schema;
mod size;
