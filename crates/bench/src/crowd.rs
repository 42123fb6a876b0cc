//! Many connections on one epoll: dialling them in parallel, and taking their seats.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream},
    os::fd::AsFd as _,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::{Domain, Socket, Type};

use crate::{
    connection::{Connection, Life, ReadBuffer},
    dialect::{Dialect, Seat, Step},
};

/// Dials under way at the same time: enough to keep a server busy, less than any of the backlogs.
const PARALLEL_DIALS: usize = 64;
/// Without any seat taken for so long, dialling fails.
const DIAL_PATIENCE: Duration = Duration::from_secs(20);
/// Events taken from the kernel at once; at least as many as there are connections keeps reading fair.
const EVENTS: usize = 2048;
/// The last of the loopback addresses to dial from once ports run short.
const LAST_SOURCE: u8 = 250;

/// Connections to one server; a connection's index is its seat's.
#[derive(Debug)]
pub(crate) struct Crowd {
    pub(crate) epoll: Epoll,
    pub(crate) connections: Vec<Connection>,
    pub(crate) buffer: ReadBuffer,
    pub(crate) events: Vec<EpollEvent>,
    address: SocketAddr,
    /// The last byte of 127.0.0.x that is dialled from; `None`: as the kernel likes.
    source: Option<u8>,
}

impl Crowd {
    /// Nobody yet.
    pub(crate) fn new(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self {
            epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).context("epoll_create1")?,
            connections: Vec::new(),
            buffer: ReadBuffer::new(),
            events: vec![EpollEvent::empty(); EVENTS],
            address,
            source: None,
        })
    }

    /// Connects and seats one connection for each of `seats`, after those that are here already.
    pub(crate) fn seat_all(&mut self, seats: &[Seat], dialect: &dyn Dialect) -> anyhow::Result<()> {
        let first = self.connections.len();
        let mut under_way = 0;
        let mut seated = 0;
        let mut last_progress = Instant::now();
        while seated < seats.len() {
            while under_way < PARALLEL_DIALS && self.connections.len() - first < seats.len() {
                let seat = &seats[self.connections.len() - first];
                self.dial(&dialect.path(seat))?;
                under_way += 1;
            }
            let arrived = self.usher(seats, first, dialect)?;
            seated += arrived;
            under_way -= arrived;
            if arrived > 0 {
                last_progress = Instant::now();
            } else if last_progress.elapsed() > DIAL_PATIENCE {
                bail!("{} of {} connections wait for their seats in vain", seats.len() - seated, seats.len());
            }
        }
        Ok(())
    }

    /// One round of events while dialling; returns how many seats were taken.
    fn usher(&mut self, seats: &[Seat], first: usize, dialect: &dyn Dialect) -> anyhow::Result<usize> {
        let ready = wait(&self.epoll, &mut self.events, 1000)?;
        let mut arrived = 0;
        for event in &self.events[..ready] {
            let index = event.data() as usize;
            let connection = &mut self.connections[index];
            // Seated earlier, and now gets what others' arrival causes: read, and let it go.
            let Some(seat) = index.checked_sub(first).map(|at| &seats[at]) else {
                connection.receive(&mut self.buffer, |_| ())?;
                continue;
            };
            let was_upgraded = connection.is_upgraded();
            let mut steps = Vec::new();
            let life = connection
                .receive(&mut self.buffer, |payload| steps.push(dialect.greeted(seat, payload)))
                .with_context(|| format!("connection {index}"))?;
            if connection.is_upgraded() && !was_upgraded {
                steps.insert(0, dialect.upgraded(seat));
            }
            for step in steps {
                match step {
                    Step::Wait => {}
                    Step::Say(text) => {
                        connection.queue_text(|out| out.extend_from_slice(text.as_bytes()));
                        connection.flush().context("sending a greeting")?;
                    }
                    Step::Seated => arrived += 1,
                    Step::Refused(why) => bail!("connection {index} was refused its seat: {why}"),
                }
            }
            if let Life::Closed(why) = life {
                bail!("connection {index} was closed before it had its seat: {why}");
            }
        }
        Ok(arrived)
    }

    fn dial(&mut self, path: &str) -> anyhow::Result<()> {
        let stream = self.open_socket().with_context(|| format!("connecting to {}", self.address))?;
        let mut connection = Connection::new(stream, &self.address.to_string(), path);
        let index = self.connections.len();
        self.epoll
            .add(connection.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, index as u64))
            .context("epoll_ctl")?;
        connection.flush().context("sending the upgrade request")?;
        self.connections.push(connection);
        Ok(())
    }

    /// A connected socket; when an address has no ports left, the next one of the loopback net is taken.
    fn open_socket(&mut self) -> io::Result<TcpStream> {
        loop {
            match connect(self.address, self.source) {
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse)
                        && self.source.is_none_or(|source| source < LAST_SOURCE) =>
                {
                    self.source = Some(self.source.map_or(2, |source| source + 1));
                }
                outcome => return outcome,
            }
        }
    }
}

/// Waits for events, at most `millis`; returns how many there are.
pub(crate) fn wait(epoll: &Epoll, events: &mut [EpollEvent], millis: u16) -> anyhow::Result<usize> {
    match epoll.wait(events, EpollTimeout::from(millis)) {
        Ok(ready) => Ok(ready),
        Err(nix::errno::Errno::EINTR) => Ok(0),
        Err(error) => Err(error).context("epoll_wait"),
    }
}

fn connect(address: SocketAddr, source: Option<u8>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if let Some(source) = source {
        socket.bind(&SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, source), 0).into())?;
    }
    // Blocking on purpose: on loopback the handshake is done inside the call, which saves a turn of epoll.
    socket.connect(&address.into())?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}
