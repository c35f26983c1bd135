//! The listener and its connections, which can be cut as a failing network cuts them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::task::Context;
use std::task::Poll;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use axum::serve::Listener;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

/// Accepts connections and gives each a [`Line`] that a handler can cut.
pub(crate) struct Lines(pub(crate) TcpListener);

/// A handler's hold on its connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(Arc<Mutex<Cut>>);

/// Where a connection breaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Cut {
    #[default]
    Nowhere,
    /// So many bytes into the body of the answer; so many bytes of the gap before it are out already.
    Body { bytes: usize, gap: usize },
    /// So many bytes from here.
    After(usize),
}

/// What stands between the head of an answer and its body.
const GAP: &[u8] = b"\r\n\r\n";

impl Cut {
    /// How many of these bytes may go out.
    fn admits(self, bytes: &[u8]) -> usize {
        let mut cut = self;
        for (index, byte) in bytes.iter().enumerate() {
            match cut {
                Self::Nowhere => break,
                Self::After(left) => return bytes.len().min(index + left),
                Self::Body { .. } => cut = cut.behind(*byte),
            }
        }
        bytes.len()
    }

    /// The cut as seen from behind a byte that went out.
    fn behind(self, byte: u8) -> Self {
        match self {
            Self::Nowhere => Self::Nowhere,
            Self::After(left) => Self::After(left.saturating_sub(1)),
            Self::Body { bytes, gap } => {
                let gap = match GAP.get(gap) {
                    Some(next) if *next == byte => gap + 1,
                    _ => usize::from(byte == GAP[0]),
                };
                if gap == GAP.len() {
                    Self::After(bytes)
                } else {
                    Self::Body { bytes, gap }
                }
            }
        }
    }
}

impl Line {
    /// Breaks the connection before anything goes out: the client sees no answer at all.
    pub(crate) fn cut(&self) {
        *self.lock() = Cut::After(0);
    }

    /// Lets so much of the answer's body out, then breaks the connection.
    pub(crate) fn cut_within_body(&self, bytes: usize) {
        *self.lock() = Cut::Body { bytes, gap: 0 };
    }

    fn lock(&self) -> MutexGuard<'_, Cut> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.remote_addr().clone()
    }
}

pub(crate) struct Io {
    stream: TcpStream,
    line: Line,
}

impl Listener for Lines {
    type Io = Io;
    type Addr = Line;

    async fn accept(&mut self) -> (Io, Line) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        // Answers are small; waiting to fill a packet would only slow them down.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        let line = Line::default();
        (
            Io {
                stream,
                line: line.clone(),
            },
            line,
        )
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line::default())
    }
}

impl AsyncRead for Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let cut = *self.line.lock();
        if cut == Cut::After(0) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let allowed = &buffer[..cut.admits(buffer)];
        let written = Pin::new(&mut self.stream).poll_write(cx, allowed);
        if let Poll::Ready(Ok(bytes)) = written
            && cut != Cut::Nowhere
        {
            *self.line.lock() = allowed[..bytes]
                .iter()
                .fold(cut, |cut, byte| cut.behind(*byte));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A listener on loopback; the sandbox is never reachable from elsewhere.
pub(crate) async fn listen(port: u16) -> io::Result<(Lines, SocketAddr)> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let address = listener.local_addr()?;
    Ok((Lines(listener), address))
}
