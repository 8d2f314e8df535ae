//! A client that keeps its connection: one request at a time, no more parsed than is needed.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

/// A connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ &str| line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim())
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("the service cannot be reached")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the answer.
    pub fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> anyhow::Result<Answer> {
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        self.answer()
    }

    /// The same, for an answer with a known status.
    pub fn expect(&mut self, status: u16, method: &str, path: &str, token: &str, body: &str) -> anyhow::Result<Answer> {
        let answer = self.ask(method, path, token, body)?;
        anyhow::ensure!(answer.status == status, "{method} {path} was answered {}: {}", answer.status, answer.body);
        Ok(answer)
    }

    fn answer(&mut self) -> anyhow::Result<Answer> {
        self.buffer.clear();
        let mut chunk = [0_u8; 16 * 1024];
        loop {
            let read = self.stream.read(&mut chunk)?;
            anyhow::ensure!(read > 0, "the service closed the connection");
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
            let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
            let mut answer = Answer { status, head, body: String::new() };
            let length: usize = answer.header("content-length").unwrap_or("0").parse()?;
            while self.buffer.len() < end + 4 + length {
                let read = self.stream.read(&mut chunk)?;
                anyhow::ensure!(read > 0, "the service closed the connection");
                self.buffer.extend_from_slice(&chunk[..read]);
            }
            answer.body = String::from_utf8_lossy(&self.buffer[end + 4..]).into_owned();
            return Ok(answer);
        }
    }
}
