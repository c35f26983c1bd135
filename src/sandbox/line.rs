//! The listener: loopback only.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A listener on loopback; the sandbox is never reachable from elsewhere.
pub(crate) async fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
