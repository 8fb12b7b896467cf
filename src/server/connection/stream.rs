//! The byte stream of a connection: plain or TLS, observed, and closed so that a last answer is read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::activity::Activity;

/// How long, and for how many bytes, a closing connection still reads what its peer is sending.
const FAREWELL_TIME: Duration = Duration::from_secs(2);
const FAREWELL_BYTES: usize = 1024 * 1024;

/// A socket, with or without TLS. The TLS state is boxed: a plain connection does not pay for it.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

impl Socket {
    fn pinned(&mut self) -> Pin<&mut dyn Duplex> {
        match self {
            Self::Plain(stream) => Pin::new(stream),
            Self::Tls(stream) => Pin::new(stream.as_mut()),
        }
    }
}

/// A socket that tells the connection's [`Activity`] what passes.
pub(super) struct Observed {
    socket: Socket,
    activity: Arc<Activity>,
    farewell: Option<Farewell>,
}

struct Farewell {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl Observed {
    pub(super) fn new(socket: Socket, activity: Arc<Activity>) -> Self {
        Self {
            socket,
            activity,
            farewell: None,
        }
    }

    fn note_sent(&self, sent: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(1..)) = sent {
            self.activity.sent();
        }
    }
}

impl AsyncRead for Observed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(self.socket.pinned().poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Observed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = self.socket.pinned().poll_write(cx, bytes);
        self.note_sent(&sent);
        sent
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let sent = self.socket.pinned().poll_write_vectored(cx, slices);
        self.note_sent(&sent);
        sent
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(stream) => stream.is_write_vectored(),
            Socket::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.pinned().poll_flush(cx)
    }

    /// Closes the sending side. Where the peer is still sending (a head or a body that was
    /// refused), goes on reading for a moment: closing over unread bytes resets the connection,
    /// and the peer's system then throws the answer away (RFC 9112 section 9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let me = &mut *self;
        let farewell = match &mut me.farewell {
            Some(farewell) => farewell,
            none => {
                ready!(me.socket.pinned().poll_shutdown(cx))?;
                if !me.activity.may_leave_unread() {
                    return Poll::Ready(Ok(()));
                }
                none.insert(Farewell {
                    until: Box::pin(tokio::time::sleep(FAREWELL_TIME)),
                    bytes_left: FAREWELL_BYTES,
                })
            }
        };
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match me.socket.pinned().poll_read(cx, &mut buffer) {
                Poll::Pending => return farewell.until.as_mut().poll(cx).map(Ok),
                Poll::Ready(Err(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Ok(())) => match farewell.bytes_left.checked_sub(buffer.filled().len())
                {
                    Some(left) if !buffer.filled().is_empty() => farewell.bytes_left = left,
                    _ => return Poll::Ready(Ok(())),
                },
            }
        }
    }
}
