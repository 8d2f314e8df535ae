//! The body of a request, lent to whoever answers. What they leave unread is read and thrown away: so the answer is heard by a
//! client that is still sending, and the next request can follow on the same connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};

/// The most that is read of what nobody wants, in bytes.
const MOST: usize = 4 * 1024 * 1024;
/// How long to wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A body that can be asked for back.
#[derive(Clone)]
pub struct Lent(Arc<Mutex<Loan>>);

struct Loan {
    body: Incoming,
    /// The client sends nothing before it is asked to (`Expect: 100-continue`), and reading is asking.
    waits_to_be_asked: bool,
}

impl Lent {
    pub fn new(body: Incoming, waits_to_be_asked: bool) -> Self {
        Self(Arc::new(Mutex::new(Loan { body, waits_to_be_asked })))
    }

    fn loan(&self) -> MutexGuard<'_, Loan> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what is left, within bounds. True if nothing is left, so that the connection can go on.
    pub async fn read_up(mut self) -> bool {
        if self.is_end_stream() {
            return true;
        }
        if self.loan().waits_to_be_asked {
            return false;
        }
        let rest = async {
            let mut left = MOST;
            while let Some(frame) = poll_fn(|context| Pin::new(&mut self).poll_frame(context)).await {
                let length = frame.ok()?.data_ref().map_or(0, Bytes::len);
                left = left.checked_sub(length)?;
            }
            Some(())
        };
        matches!(tokio::time::timeout(PATIENCE, rest).await, Ok(Some(())))
    }
}

impl Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let mut loan = self.loan();
        loan.waits_to_be_asked = false;
        Pin::new(&mut loan.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.loan().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.loan().body.size_hint()
    }
}
