//! What a process has used: processor time and resident memory, as the kernel counts them.

use std::{fs, time::Duration};

use anyhow::Context as _;
use nix::{
    sys::resource::{UsageWho, getrusage},
    time::clock_getcpuclockid,
    unistd::{Pid, SysconfVar, sysconf},
};

/// Processor time of all threads of `pid`, user and system. By the process's own clock: the figures in /proc come in
/// ticks of 10 ms, which are too coarse for differences of a hundredth.
pub(crate) fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let pid = Pid::from_raw(i32::try_from(pid).context("a process id beyond i32")?);
    let clock = clock_getcpuclockid(pid).context("the processor time of the server: has it died?")?;
    Ok(clock.now().context("reading the processor time of the server")?.into())
}

/// Processor time of this process.
pub(crate) fn own_cpu_time() -> anyhow::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("getrusage")?;
    let span = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec().unsigned_abs(), time.tv_usec().unsigned_abs() as u32 * 1000)
    };
    Ok(span(usage.user_time()) + span(usage.system_time()))
}

/// Time that `core` has been idle since the machine started, by whomever it was used otherwise.
pub(crate) fn core_idle(core: usize) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string("/proc/stat").context("reading /proc/stat")?;
    let ticks = idle_ticks(&stat, core).with_context(|| format!("/proc/stat knows no core {core}"))?;
    Ok(from_ticks(ticks))
}

/// Resident memory of `pid` in bytes, counted exactly (the figure in `status` lags behind on many cores).
pub(crate) fn resident_bytes(pid: u32) -> anyhow::Result<u64> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let rollup = fs::read_to_string(&path).with_context(|| format!("reading {path}"))?;
    rss_kib(&rollup).map(|kib| kib * 1024).with_context(|| format!("{path} states no Rss"))
}

fn from_ticks(ticks: u64) -> Duration {
    let per_second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    Duration::from_secs_f64(ticks as f64 / per_second as f64)
}

/// `idle` + `iowait`: the 4th and 5th figure of the core's line.
fn idle_ticks(stat: &str, core: usize) -> Option<u64> {
    let name = format!("cpu{core} ");
    let mut fields = stat.lines().find_map(|line| line.strip_prefix(&name))?.split_ascii_whitespace().skip(3);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn rss_kib(rollup: &str) -> Option<u64> {
    rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_not_taken_for_another_that_begins_alike() {
        let stat = "cpu  9 9 9 9 9\ncpu1 1 0 1 10 3 0 0\ncpu12 1 0 1 20 4 0 0\n";
        assert_eq!(
            (idle_ticks(stat, 1), idle_ticks(stat, 12), idle_ticks(stat, 2)),
            (Some(13), Some(24), None)
        );
    }

    #[test]
    fn this_process_has_a_time_and_a_size() {
        assert!(resident_bytes(std::process::id()).expect("smaps_rollup") > 100_000);
        let earlier = cpu_time(std::process::id()).expect("its clock");
        own_cpu_time().expect("getrusage");
        assert!(cpu_time(std::process::id()).expect("its clock") > earlier, "reading it takes time");
    }
}
