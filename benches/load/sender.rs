//! A connection that stays open, and as little work for a request as can be: what the sender does is not measured, but
//! it takes its share of the same cores.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Sends requests one after the other.
pub(crate) struct Sender {
    address: SocketAddr,
    stream: Option<TcpStream>,
    answer: Vec<u8>,
}

impl Sender {
    /// A sender that connects when it has something to send.
    pub(crate) fn new(address: SocketAddr) -> Sender {
        Sender { address, stream: None, answer: Vec::with_capacity(4096) }
    }

    /// Sends a whole request, and returns the status of the answer. After an error the next request connects anew.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<u16, Error> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(self.address).await?;
                stream.set_nodelay(true)?;
                stream
            }
        };
        stream.write_all(request).await?;
        let status = self.read(&mut stream).await?;
        self.stream = Some(stream);
        Ok(status)
    }

    /// Reads one answer to its end.
    async fn read(&mut self, stream: &mut TcpStream) -> Result<u16, Error> {
        self.answer.clear();
        loop {
            if stream.read_buf(&mut self.answer).await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some((status, length)) = head(&self.answer)?
                && self.answer.len() >= length
            {
                return Ok(status);
            }
            if self.answer.len() > LONGEST_ANSWER {
                return Err(ErrorKind::FileTooLarge.into());
            }
        }
    }
}

/// The status, and how long the whole answer is; nothing while its head is not complete.
fn head(answer: &[u8]) -> Result<Option<(u16, usize)>, Error> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&answer[..end]).map_err(|_| ErrorKind::InvalidData)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    let status = status.ok_or(ErrorKind::InvalidData)?;
    Ok(Some((status, end + 4 + length.unwrap_or(0))))
}
