//! Connections that cannot hold the process: at most so many at once, and none that neither sends
//! nor takes anything for long. A client that dribbles its request is cut off, too: its first bytes
//! must be followed by the rest before [`REQUEST_WITHIN`] has passed without a response.

use axum::serve::Listener;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep};

/// Connections at once; more wait to be accepted.
const CONNECTIONS: usize = 256;

/// How long a connection may be without a byte in either direction.
const IDLE: Duration = Duration::from_secs(75);

/// How long a client may send without having been sent anything: more than any page may take.
const REQUEST_WITHIN: Duration = Duration::from_secs(45);

/// A listener of [`PatientStream`]s.
pub(super) struct PatientListener {
    listener: TcpListener,
    room: Arc<Semaphore>,
}

impl PatientListener {
    pub(super) fn new(listener: TcpListener) -> PatientListener {
        PatientListener {
            listener,
            room: Arc::new(Semaphore::new(CONNECTIONS)),
        }
    }
}

impl Listener for PatientListener {
    type Io = PatientStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (PatientStream, SocketAddr) {
        loop {
            let Ok(permit) = Arc::clone(&self.room).acquire_owned().await else {
                // It is never closed.
                return std::future::pending().await;
            };
            match self.listener.accept().await {
                Ok((stream, address)) => return (PatientStream::new(stream, permit), address),
                // Out of file descriptors, or a client that has gone already.
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that ends when its client does nothing for long.
pub(super) struct PatientStream {
    stream: TcpStream,
    limit: Pin<Box<Sleep>>,
    /// Since when the client sends without having been sent anything.
    asks_since: Option<Instant>,
    _permit: OwnedSemaphorePermit,
}

impl PatientStream {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit) -> PatientStream {
        // A page is one write; what follows it must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        PatientStream {
            stream,
            limit: Box::pin(sleep(REQUEST_WITHIN)),
            asks_since: Some(Instant::now()),
            _permit: permit,
        }
    }

    fn received(&mut self) {
        let now = Instant::now();
        let since = *self.asks_since.get_or_insert(now);
        self.limit.as_mut().reset(since + REQUEST_WITHIN);
    }

    fn sent(&mut self) {
        self.asks_since = None;
        self.limit.as_mut().reset(Instant::now() + IDLE);
    }

    /// Whether its time is over; else it is woken when it is.
    fn is_over(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.limit
            .as_mut()
            .poll(context)
            .map(|()| Err(Error::from(ErrorKind::TimedOut)))
    }

    /// What a write has done.
    fn written(
        &mut self,
        context: &mut Context<'_>,
        done: Poll<Result<usize>>,
    ) -> Poll<Result<usize>> {
        match done {
            Poll::Ready(Ok(bytes)) => {
                self.sent();
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(failed) => Poll::Ready(failed),
            Poll::Pending => self.is_over(context).map(|over| over.map(|()| 0)),
        }
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(Ok(())) => {
                if buffer.filled().len() > before {
                    self.received();
                }
                Poll::Ready(Ok(()))
            }
            Poll::Ready(failed) => Poll::Ready(failed),
            Poll::Pending => self.is_over(context),
        }
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written(context, done)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[std::io::IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.written(context, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
