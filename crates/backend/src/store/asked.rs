//! How much the database was asked while an answer waited for it: what a test compares instead of time,
//! where two cases may not be told apart. What is done after the answer is not counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

tokio::task_local! {
    /// Set in tasks that no answer waits for.
    static AFTERWARDS: ();
}

/// Counts statements and beginnings of transactions.
#[derive(Debug, Clone, Default)]
pub struct Asked(Arc<AtomicU64>);

impl Asked {
    pub(crate) fn count(&self) {
        if !is_afterwards() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn is_afterwards() -> bool {
    AFTERWARDS.try_with(|()| ()).is_ok()
}

/// Work that no answer waits for.
pub(crate) async fn afterwards<T>(work: impl Future<Output = T>) -> T {
    AFTERWARDS.scope((), work).await
}

/// Work that is about to go on in a task of its own, and is waited for as little or as much as here.
pub(crate) fn as_here<T>(work: impl Future<Output = T> + Send) -> impl Future<Output = T> + Send {
    let after = is_afterwards();
    async move { if after { AFTERWARDS.scope((), work).await } else { work.await } }
}
