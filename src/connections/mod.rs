//! Connections of clients: taken in, given so long to say what they want, and ended with the service (SPEC O3, O5).

mod lent;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use self::lent::Lent;
use crate::processes::Tasks;

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 64 * 1024;
/// How long to wait when no connection can be taken in: open files may have run out, and others will be closed.
const BREATH: Duration = Duration::from_secs(1);
/// The header that tells clients after how many idle seconds the connection ends: a request sent just then would be lost.
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

/// How connections are served.
#[derive(Clone)]
pub struct Terms {
    /// What answers.
    pub router: Router,
    /// How long the head of a request may take, and a connection stay idle.
    pub head: Duration,
    /// How long requests under way have to finish when the service is told to end.
    pub patience: Duration,
    /// Is cancelled when the service is told to end.
    pub ending: CancellationToken,
}

/// Takes connections in until the service is told to end, then waits for those that have something under way.
pub async fn serve(listener: TcpListener, terms: Terms) {
    let connections = Tasks::default();
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = terms.ending.cancelled() => break,
        };
        match taken {
            Ok((stream, peer)) => connections.spawn("connection", converse(stream, peer, terms.clone())),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken in");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    connections.end().await;
}

/// Serves one connection. When the service is told to end, one that is idle or has asked for nothing yet ends at once.
async fn converse(stream: TcpStream, peer: SocketAddr, terms: Terms) {
    let asked = Arc::new(AtomicBool::new(false));
    let idle = HeaderValue::from_str(&format!("timeout={}", terms.head.as_secs())).expect("letters and digits");
    let service = service_fn(|request| {
        asked.store(true, Ordering::Relaxed);
        answer(terms.router.clone(), peer, &idle, request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(terms.head).max_buf_size(LARGEST_HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        served = connection.as_mut() => return told(served),
        () = terms.ending.cancelled() => {}
    }
    if !asked.load(Ordering::Relaxed) {
        return;
    }
    connection.as_mut().graceful_shutdown();
    let Ok(served) = tokio::time::timeout(terms.patience, connection).await else {
        return tracing::warn!("a request did not end in time");
    };
    told(served);
}

/// Answers one request, and says how long the connection stays open for the next: not at all if this one was not read to its end.
async fn answer(
    router: Router,
    peer: SocketAddr,
    idle: &HeaderValue,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(ConnectInfo(peer));
    let body = Lent::new(body, parts.headers.contains_key(header::EXPECT));
    let mut response = router.oneshot(Request::from_parts(parts, Body::new(body.clone()))).await?;
    let headers = response.headers_mut();
    if body.read_up().await {
        headers.insert(KEEP_ALIVE, idle.clone());
    } else {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// That clients hang up, or never say what they want, is everyday life.
fn told(served: Result<(), hyper::Error>) {
    if let Err(error) = served {
        tracing::debug!(%error, "a connection broke off");
    }
}
