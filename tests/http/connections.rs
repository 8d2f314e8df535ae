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
    let patient = TestApp::on(Store::create(Kind::Sqlite).await, &[]).await.owner.get("/me").await.expect(200);
    assert_eq!(patient.header("keep-alive"), "timeout=10", "clients are told how long a connection waits for them");

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

/// One request with a body, as it goes over the wire.
fn request(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST /api/v1/zones HTTP/1.1\r\nhost: here\r\n{head}\r\n\r\n").as_bytes(), body].concat()
}

const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_nobody_reads_is_no_obstacle_to_the_next_request_on_sqlite() {
    let app = TestApp::on(Store::create(Kind::Sqlite).await, &[]).await;
    let owner = format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", app.owner.token);
    let chunks = [b"30000\r\n".as_slice(), &[b'x'].repeat(0x30000), b"\r\n0\r\n\r\n"].concat();
    let large = vec![b'x'; 2 * 1024 * 1024];
    for (what, status, sent) in [
        ("a stranger's", 401, request("content-length: 200000", &[b'x'].repeat(200_000))),
        ("a stranger's, in chunks", 401, request("transfer-encoding: chunked", &chunks)),
        ("too large", 413, request(&format!("{owner}content-length: {}", large.len()), &large)),
    ] {
        let mut stream = TcpStream::connect(app.address).await.expect("a connection");
        stream.write_all(&sent).await.expect("all of it");
        stream.write_all(LAST).await.expect("the next");
        let said = to_the_end(&mut stream).await;
        assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {said}");
        assert!(said.contains("HTTP/1.1 200 "), "{what}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_send_all_hears_that_the_connection_ends_on_sqlite() {
    let app = TestApp::on(Store::create(Kind::Sqlite).await, &[]).await;
    for (what, sent) in [
        ("the rest does not come", request("content-length: 100", b"{")),
        ("nothing was asked for", request("content-length: 100\r\nexpect: 100-continue", b"")),
        ("without end", request("content-length: 100000000000", &[b'x'].repeat(5 * 1024 * 1024))),
    ] {
        let mut stream = TcpStream::connect(app.address).await.expect("a connection");
        // What is sent after the answer may meet a closed door.
        let _ = stream.write_all(&sent).await;
        let mut said = [0; 4096];
        let length = stream.read(&mut said).await.expect("an answer");
        let said = String::from_utf8_lossy(&said[..length]).to_lowercase();
        assert!(said.starts_with("http/1.1 401 "), "{what}: {said}");
        assert!(said.contains("connection: close"), "{what}: {said}");
    }
}
