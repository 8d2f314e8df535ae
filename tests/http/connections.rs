//! Connections that say nothing, or not all of it (SPEC O3, O5).

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Kind, Store, TestApp};

const HALF: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: here\r\nx-slow: ";

/// What comes back until the other side hangs up.
async fn to_the_end(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut said)).await;
    read.expect("an end").expect("bytes");
    String::from_utf8(said).expect("text")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_head_is_not_waited_for_on_sqlite() {
    let app = TestApp::on(Store::create(Kind::Sqlite).await, &["--request-head-timeout-ms", "300"]).await;
    let mut slow = TcpStream::connect(app.address).await.expect("a connection");
    slow.write_all(HALF).await.expect("half a head");
    assert!(!to_the_end(&mut slow).await.contains(" 200 "), "it is closed without an answer to what was not asked");

    let mut whole = TcpStream::connect(app.address).await.expect("a connection");
    whole.write_all(HALF).await.expect("half a head");
    whole.write_all(b"no\r\nconnection: close\r\n\r\n").await.expect("the rest");
    assert!(to_the_end(&mut whole).await.starts_with("HTTP/1.1 200 "));

    let mut large = TcpStream::connect(app.address).await.expect("a connection");
    large.write_all(HALF).await.expect("half a head");
    large.write_all(&vec![b'x'; 70 * 1024]).await.expect("a large head");
    assert!(to_the_end(&mut large).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_head_does_not_delay_the_end_on_sqlite() {
    let app = TestApp::on(Store::create(Kind::Sqlite).await, &[]).await;
    let mut slow = TcpStream::connect(app.address).await.expect("a connection");
    slow.write_all(HALF).await.expect("half a head");
    app.owner.get("/me").await.expect(200);
    let told = Instant::now();
    app.service.end().await;
    to_the_end(&mut slow).await;
    assert!(told.elapsed() < Duration::from_secs(5), "neither it nor an idle connection is waited for");
}
