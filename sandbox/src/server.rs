//! Listening, with or without TLS, and everything that ends a connection: a stop, or a fault that cuts it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::SandboxError;
use crate::tls::{Greeted, Greeter};

/// Listens on the loopback address; port 0 takes any free one.
pub(crate) async fn bind(service: &'static str, port: u16) -> Result<TcpListener, SandboxError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| SandboxError::Listen {
        service,
        port,
        source,
    })
}

/// Serves until `stop` holds true or its sender is gone.
pub(crate) fn serve(
    listener: TcpListener,
    greeter: Greeter,
    router: Router,
    stop: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let sockets = Sockets { listener, greeter, stop: stop.clone() };
    let service = router.into_make_service_with_connect_info::<Cut>();
    tokio::spawn(async move {
        if let Err(error) = axum::serve(sockets, service).with_graceful_shutdown(stopped(stop)).await {
            tracing::error!(%error, "a sandbox server ended");
        }
    })
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sandbox is gone, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ends the connection of a request without an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Cut {
    /// From now on nothing is written to the connection.
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Sockets>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Sockets>) -> Cut {
        stream.io().cut.clone()
    }
}

struct Sockets {
    listener: TcpListener,
    greeter: Greeter,
    stop: watch::Receiver<bool>,
}

impl Listener for Sockets {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        let (stream, address) = self.greeter.next(&mut self.listener).await;
        let stopped = Some(Box::pin(stopped(self.stop.clone())) as Pin<Box<dyn Future<Output = ()> + Send>>);
        let socket = Socket { stream, cut: Cut::default(), stopped };
        (socket, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that can be cut, and that reads its end once the sandbox stops. Without the
/// latter a client that sends half a request could keep a server alive.
struct Socket {
    stream: Box<dyn Greeted>,
    cut: Cut,
    /// Resolves when the sandbox stops; gone once it has.
    stopped: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => {
                let stop = self.stopped.as_mut().map_or(Poll::Ready(()), |stopped| stopped.as_mut().poll(context));
                if stop.is_ready() {
                    self.stopped = None;
                }
                stop.map(Ok)
            }
            ready => ready,
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.cut.0.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
