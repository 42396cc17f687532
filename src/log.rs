//! What may be logged. Our own lines have fields that were chosen one by one; a library's finer
//! ones quote what it works on (`tower_http` the whole address, with one-time tokens in it), so that
//! they stay out however much the operator asks for.

use anyhow::Context as _;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterExt as _;
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::{EnvFilter, Layer, Registry, filter};

/// The log as lines of JSON: what the setting lets through, and of libraries nothing below INFO.
pub fn layer<W>(setting: &str, writer: W) -> anyhow::Result<impl Layer<Registry>>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let asked = EnvFilter::try_new(setting).context("the setting log")?;
    Ok(fmt::layer().json().with_writer(writer).with_filter(asked.and(filter::filter_fn(may_be_logged))))
}

fn may_be_logged(line: &Metadata<'_>) -> bool {
    *line.level() <= Level::INFO || line.target().starts_with("nexus")
}
