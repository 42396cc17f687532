//! TXT records of DNS, handed in so that tests say what is published.

use futures::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use std::io;

/// Finds the TXT records of a name; none is no error.
pub trait Records: Send + Sync {
    fn texts(&self, name: String) -> BoxFuture<'static, io::Result<Vec<String>>>;
}

/// The name servers that the machine is set up with. Nothing is kept: somebody who has just published a
/// record looks again within the minute.
pub struct SystemRecords;

impl Records for SystemRecords {
    fn texts(&self, name: String) -> BoxFuture<'static, io::Result<Vec<String>>> {
        Box::pin(async move {
            let mut builder = TokioResolver::builder_tokio().map_err(io::Error::other)?;
            builder.options_mut().cache_size = 0;
            let resolver = builder.build().map_err(io::Error::other)?;
            // With the dot at its end, no search domain of the machine is put behind it.
            match resolver.txt_lookup(format!("{name}.")).await {
                Ok(found) => Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect()),
                Err(error) if error.is_no_records_found() || error.is_nx_domain() => Ok(Vec::new()),
                Err(error) => Err(io::Error::other(error)),
            }
        })
    }
}

/// A long text is published in pieces.
fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned())
}
