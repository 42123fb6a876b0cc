//! The clock of an open loop: a timer of the kernel's that wakes the epoll, exact to microseconds.

use std::{os::fd::AsFd as _, time::Duration};

use anyhow::Context as _;
use nix::sys::{
    epoll::{Epoll, EpollEvent, EpollFlags},
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};

/// A periodic timer.
pub(crate) struct Ticker(TimerFd);

impl Ticker {
    /// A timer that does nothing yet; its events carry `data`.
    pub(crate) fn new(epoll: &Epoll, data: u64) -> anyhow::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags).context("timerfd_create")?;
        epoll.add(timer.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, data)).context("epoll_ctl")?;
        Ok(Self(timer))
    }

    /// Ticks `per_second` times a second from now on.
    pub(crate) fn start(&self, per_second: f64) -> anyhow::Result<()> {
        let period = TimeSpec::from(Duration::from_secs_f64(1.0 / per_second));
        self.0.set(Expiration::Interval(period), TimerSetTimeFlags::empty()).context("timerfd_settime")
    }

    /// Makes it quiet until the next tick.
    pub(crate) fn acknowledge(&self) {
        // The one error is "no tick yet", which is as good.
        let _ = self.0.wait();
    }
}
