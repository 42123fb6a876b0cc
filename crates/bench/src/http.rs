//! A blocking HTTP/1.1 client on one kept connection: enough to sign people in and to open rooms.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// A request unanswered for so long fails.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Http {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

/// What came back.
pub(crate) struct Answer {
    what: String,
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Its body, unless it was a refusal.
    pub(crate) fn success(self) -> anyhow::Result<Vec<u8>> {
        if !(200..300).contains(&self.status) {
            bail!("{} answered {}: {}", self.what, self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self.body)
    }
}

impl Http {
    /// Connects.
    pub(crate) fn connect(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        stream.set_read_timeout(Some(PATIENCE)).context("a read timeout")?;
        Ok(Self { address, stream: BufReader::new(stream) })
    }

    /// Posts `body`; the answer must be a success with a JSON body, or empty.
    pub(crate) fn post(&mut self, path: &str, token: Option<&str>, body: &Value) -> anyhow::Result<Value> {
        let answer = self.request("POST", path, token, body.to_string().as_bytes())?.success()?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer)
            .with_context(|| format!("POST {path} answered something that is no JSON"))
    }

    /// Gets a text; the answer must be a success.
    pub(crate) fn text(&mut self, path: &str) -> anyhow::Result<String> {
        let answer = self.request("GET", path, None, b"")?.success()?;
        String::from_utf8(answer).with_context(|| format!("GET {path} answered something that is no text"))
    }

    /// Whatever is answered to a JSON `body`.
    pub(crate) fn request(
        &mut self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: &[u8],
    ) -> anyhow::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.address);
        if !body.is_empty() {
            write!(request, "Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())?;
        }
        if let Some(token) = token {
            write!(request, "Authorization: Bearer {token}\r\n")?;
        }
        request.push_str("\r\n");
        let what = format!("{method} {path}");
        let bytes = [request.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&bytes).with_context(|| what.clone())?;
        let (status, body) = self.read_response().with_context(|| what.clone())?;
        Ok(Answer { what, status, body })
    }

    fn read_response(&mut self) -> anyhow::Result<(u16, Vec<u8>)> {
        let status_line = self.read_line()?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("a status line that is none: {status_line:?}"))?;
        let mut length = 0;
        loop {
            let line = self.read_line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { bail!("a header that is none: {line:?}") };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().context("a content length that is no number")?;
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                bail!("a chunked answer, which this client does not read");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).context("reading the answer's body")?;
        Ok((status, body))
    }

    fn read_line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).context("reading the answer")? == 0 {
            bail!("the server closed the connection");
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}
