//! A client as light as `pgbench`'s: connections kept alive, one request at a time on each, no more parsed than is needed.
//! As with `pgbench`, a thread serves many connections and sleeps until one of them has something to say.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection.
pub struct Client {
    stream: TcpStream,
    asked: Vec<u8>,
    buffer: Vec<u8>,
}

/// Where the service says that it is well.
pub const HEALTH: &str = "/healthz";

/// An answer, as it lies in the buffer of its connection.
pub struct Answer<'b> {
    pub status: u16,
    head: &'b str,
    body: &'b [u8],
}

impl Answer<'_> {
    /// The value of a header; `name` in lower case, as the service writes it.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.split("\r\n");
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }

    /// The body.
    pub fn body(&self) -> anyhow::Result<&str> {
        Ok(std::str::from_utf8(self.body)?)
    }
}

/// The answer in `bytes`, once all of it is there.
fn complete(bytes: &[u8]) -> anyhow::Result<Option<Answer<'_>>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end])?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).context("no status")?;
    let answer = Answer { status, head, body: &[] };
    let length: usize = answer.header("content-length").unwrap_or("0").parse()?;
    Ok(bytes.get(end + 4..end + 4 + length).map(|body| Answer { body, ..answer }))
}

impl Client {
    pub async fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("the service cannot be reached")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, asked: Vec::new(), buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Sends a request and reads the answer.
    pub async fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> anyhow::Result<Answer<'_>> {
        self.asked.clear();
        let length = body.len().to_string();
        for part in [
            method,
            // Health is beside the interface, not in it.
            if path == HEALTH { " " } else { " /api/v1" },
            path,
            " HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer ",
            token,
            "\r\ncontent-type: application/json\r\ncontent-length: ",
            &length,
            "\r\n\r\n",
            body,
        ] {
            self.asked.extend_from_slice(part.as_bytes());
        }
        self.stream.write_all(&self.asked).await?;
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await?;
            anyhow::ensure!(read > 0, "the service closed the connection");
            if complete(&self.buffer)?.is_some() {
                break;
            }
        }
        complete(&self.buffer)?.context("an answer that was complete")
    }

    /// The same, for an answer with a known status.
    pub async fn expect(
        &mut self,
        status: u16,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> anyhow::Result<Answer<'_>> {
        let answer = self.ask(method, path, token, body).await?;
        anyhow::ensure!(answer.status == status, "{method} {path} was answered {}: {}", answer.status, answer.body()?);
        Ok(answer)
    }
}
