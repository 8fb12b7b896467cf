//! What a connection is doing, as far as its time limits care.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::{Request, Version};
use tokio::time::Instant;

use crate::server::listen::Limits;

/// How long a request may go without a byte or a frame in either direction. A request's own
/// time-outs are shorter; this ends the peer that keeps its flow-control window shut.
const STALL: Duration = Duration::from_mins(5);

/// The longest sleep between two looks. It keeps the sum of instants in range whatever the limits.
const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// The state behind a connection's time limits. Written by the stream and by the requests, which
/// for HTTP/2 are other tasks, and read by the connection's task alone.
///
/// Instants are milliseconds since the connection was opened.
pub(super) struct Activity {
    opened: Instant,
    /// Requests whose answer is not complete.
    in_flight: AtomicUsize,
    /// The last sign of life.
    last: AtomicU64,
    /// When the head being waited for began, plus one; 0 while none has begun.
    head: AtomicU64,
    /// The next answer is to be the last.
    last_answer: AtomicBool,
    /// The connection speaks HTTP/2, where bytes between requests mean nothing: pings come and go.
    multiplexed: AtomicBool,
    /// The last request announced a body, which may not have been read to its end.
    body: AtomicBool,
}

/// What the time limits say now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Ask again after this time.
    Wait(Duration),
    /// No request for too long: say goodbye.
    Idle,
    /// A head or an answer that makes no progress: cut.
    Stuck,
}

impl Activity {
    /// A connection just opened. Its first head is being waited for at once, so a peer that
    /// connects and says nothing has no more time than one that speaks slowly.
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            in_flight: AtomicUsize::new(0),
            last: AtomicU64::new(0),
            head: AtomicU64::new(1),
            last_answer: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
            body: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        if self.multiplexed.load(Relaxed) {
            return;
        }
        let now = self.now();
        self.last.store(now, Relaxed);
        if !self.is_busy() && self.head.load(Relaxed) == 0 {
            self.head.store(now + 1, Relaxed);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&self) {
        if !self.multiplexed.load(Relaxed) {
            self.last.store(self.now(), Relaxed);
        }
    }

    /// Whether a request is being answered.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.load(Relaxed) > 0
    }

    /// Makes the next answer the last one; HTTP/2 has GOAWAY for that.
    pub(super) fn end_with_next_answer(&self) {
        self.last_answer.store(true, Relaxed);
    }

    /// Whether the peer may have sent bytes that nobody will read.
    pub(super) fn may_leave_unread(&self) -> bool {
        self.head.load(Relaxed) != 0 || self.body.load(Relaxed)
    }

    /// Holds the connection's state against its limits.
    pub(super) fn judge(&self, limits: &Limits) -> Verdict {
        let head = self.head.load(Relaxed);
        let (since, allowed, over) = if self.is_busy() {
            (self.last.load(Relaxed), STALL, Verdict::Stuck)
        } else if head > 0 {
            (head - 1, limits.header_timeout, Verdict::Stuck)
        } else {
            (self.last.load(Relaxed), limits.idle_timeout, Verdict::Idle)
        };
        let spent = Duration::from_millis(self.now().saturating_sub(since));
        match allowed.checked_sub(spent) {
            None | Some(Duration::ZERO) => over,
            // During the sleep a head may begin or a request end, and start a shorter time.
            Some(left) => {
                let shortest = left.min(limits.header_timeout).min(limits.idle_timeout);
                Verdict::Wait(shortest.clamp(Duration::from_millis(1), LONGEST_WAIT))
            }
        }
    }
}

/// A request whose answer is not complete. Dropped with the end of the answer.
pub(super) struct InFlight(Arc<Activity>);

impl InFlight {
    pub(super) fn begin<B: Body>(activity: &Arc<Activity>, request: &Request<B>) -> Self {
        let multiplexed = request.version() == Version::HTTP_2;
        activity.multiplexed.store(multiplexed, Relaxed);
        let body = !multiplexed && !request.body().is_end_stream();
        activity.body.store(body, Relaxed);
        activity.in_flight.fetch_add(1, Relaxed);
        activity.head.store(0, Relaxed);
        activity.last.store(activity.now(), Relaxed);
        Self(Arc::clone(activity))
    }

    /// Whether the answer must say that the connection ends with it.
    pub(super) fn is_last(&self) -> bool {
        self.0.last_answer.load(Relaxed) && !self.0.multiplexed.load(Relaxed)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.last.store(self.0.now(), Relaxed);
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// The body of an answer, which keeps its request in flight until it is sent.
pub(super) struct Tracked {
    body: axum::body::Body,
    request: InFlight,
}

impl Tracked {
    pub(super) fn new(body: axum::body::Body, request: InFlight) -> Self {
        Self { body, request }
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let activity = &self.request.0;
        activity.last.store(activity.now(), Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
