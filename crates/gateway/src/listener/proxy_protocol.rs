//! The PROXY protocol, versions 1 and 2 (HAProxy, *The PROXY protocol*): a proxy that passes bytes on says first whose
//! they are.

use std::io;
use std::net::SocketAddr;

use ppp::{HeaderResult, PartialResult as _, v1, v2};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// What a header of version 2 begins with, and the most that one of version 1 is long with it.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// What stands before the length of what follows, in version 2.
const FIXED: usize = 16;
/// The longest line of version 1 (§2.1).
const LONGEST_LINE: usize = 107;
/// The longest header of version 2 that is read: addresses have up to 216 bytes, and what else a proxy tells is of no
/// use here.
const LONGEST: usize = 2048;

/// Reads the header, and not a byte beyond it: TLS or HTTP begins there. Returns the client's address; `peer` where the
/// proxy speaks for itself, as in its health checks.
///
/// # Errors
/// When the connection does not begin with a header: the standard forbids to guess.
pub(super) async fn read(stream: &mut TcpStream, peer: SocketAddr) -> io::Result<SocketAddr> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(FIXED, 0);
        stream.read_exact(&mut header[SIGNATURE.len()..]).await?;
        let rest = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
        if FIXED + rest > LONGEST {
            return Err(malformed("the header is too long"));
        }
        header.resize(FIXED + rest, 0);
        stream.read_exact(&mut header[FIXED..]).await?;
    } else {
        read_line(stream, &mut header).await?;
    }
    client(&header).map(|client| client.unwrap_or(peer))
}

/// Reads up to the end of the line.
async fn read_line(stream: &mut TcpStream, line: &mut Vec<u8>) -> io::Result<()> {
    if !line.starts_with(b"PROXY ") {
        return Err(malformed("there is no header"));
    }
    while line.len() < LONGEST_LINE {
        // Looked at before it is taken: what is behind the line is not ours.
        let mut ahead = [0; LONGEST_LINE];
        let seen = stream.peek(&mut ahead[..LONGEST_LINE - line.len()]).await?;
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let end = ahead[..seen].iter().position(|byte| *byte == b'\n');
        let from = line.len();
        line.resize(from + end.map_or(seen, |end| end + 1), 0);
        stream.read_exact(&mut line[from..]).await?;
        if end.is_some() {
            return Ok(());
        }
    }
    Err(malformed("the line is too long"))
}

/// `None`: the proxy speaks for itself, or does not know.
fn client(header: &[u8]) -> io::Result<Option<SocketAddr>> {
    let result = HeaderResult::parse(header);
    if result.is_incomplete() {
        return Err(malformed("the header has no end"));
    }
    match result {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(tcp) => Some((tcp.source_address, tcp.source_port).into()),
            v1::Addresses::Tcp6(tcp) => Some((tcp.source_address, tcp.source_port).into()),
            v1::Addresses::Unknown => None,
        }),
        HeaderResult::V2(Ok(header)) if header.command == v2::Command::Local => Ok(None),
        HeaderResult::V2(Ok(header)) => Ok(match header.addresses {
            v2::Addresses::IPv4(ip) => Some((ip.source_address, ip.source_port).into()),
            v2::Addresses::IPv6(ip) => Some((ip.source_address, ip.source_port).into()),
            v2::Addresses::Unix(_) | v2::Addresses::Unspecified => None,
        }),
        HeaderResult::V1(Err(error)) => Err(malformed(&error.to_string())),
        HeaderResult::V2(Err(error)) => Err(malformed(&error.to_string())),
    }
}

fn malformed(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// What is read of `sent`, and what is left in the connection.
    async fn read_from(sent: &[&[u8]]) -> (io::Result<SocketAddr>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut proxy = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut stream, peer) = listener.accept().await.unwrap();
        let parts: Vec<Vec<u8>> = sent.iter().map(|part| part.to_vec()).collect();
        let writing = tokio::spawn(async move {
            for part in parts {
                proxy.write_all(&part).await.unwrap();
                tokio::task::yield_now().await;
            }
            proxy.shutdown().await.unwrap();
            proxy
        });
        let read = read(&mut stream, peer).await;
        let mut left = Vec::new();
        if read.is_ok() {
            stream.read_to_end(&mut left).await.unwrap();
        }
        let _proxy = writing.await.unwrap();
        (read.map(|client| if client == peer { SocketAddr::from(([0, 0, 0, 0], 0)) } else { client }), left)
    }

    #[track_caller]
    fn check((read, left): (io::Result<SocketAddr>, Vec<u8>), expected: &str) {
        assert_eq!((read.unwrap(), &left[..]), (expected.parse().unwrap(), &b"GET"[..]));
    }

    const ITSELF: &str = "0.0.0.0:0";

    #[tokio::test]
    async fn a_line_of_version_1_names_the_client_and_nothing_behind_it_is_taken() {
        let line = b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 443\r\nGET";
        check(read_from(&[line]).await, "203.0.113.7:4711");
        let bytes: Vec<&[u8]> = line.chunks(1).collect();
        check(read_from(&bytes).await, "203.0.113.7:4711");
        check(read_from(&[b"PROXY TCP6 2001:db8::1 ::1 4711 443\r\nGET"]).await, "[2001:db8::1]:4711");
        check(read_from(&[b"PROXY UNKNOWN\r\nGET"]).await, ITSELF);
    }

    #[tokio::test]
    async fn a_header_of_version_2_names_the_client_and_nothing_behind_it_is_taken() {
        let header = |command: u8, family: u8, addresses: &[u8]| {
            let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
            [&SIGNATURE[..], &[command, family], &length, addresses, b"GET"].concat()
        };
        let v4 = [203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x67, 1, 0xbb];
        check(read_from(&[&header(0x21, 0x11, &v4)]).await, "203.0.113.7:4711");
        check(read_from(&[&header(0x20, 0x11, &v4)]).await, ITSELF);
        check(read_from(&[&header(0x20, 0x00, &[])]).await, ITSELF);
        let v6 = [&std::net::Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0x12, 0x67, 1, 0xbb]].concat();
        check(read_from(&[&header(0x21, 0x21, &v6)]).await, "[::1]:4711");
    }

    #[tokio::test]
    async fn without_a_header_or_with_half_of_one_nothing_is_guessed() {
        let endless = [&b"PROXY TCP4 "[..], &[b' '; 200]].concat();
        let too_long = [&SIGNATURE[..], &[0x21, 0x11, 0xff, 0xff]].concat();
        for wrong in [
            b"GET / HTTP/1.1\r\nhost: t\r\n\r\n",
            &b"PROXY TCP4 1.2.3"[..],
            &SIGNATURE[..],
            &endless,
            &too_long,
            b"",
        ] {
            assert!(read_from(&[wrong]).await.0.is_err(), "{wrong:?}");
        }
    }
}
