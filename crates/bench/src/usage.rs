//! What a process has used: processor time and resident memory, as the kernel counts them.

use std::{fs, time::Duration};

use anyhow::Context as _;
use nix::{
    sys::resource::{UsageWho, getrusage},
    unistd::{SysconfVar, sysconf},
};

/// Processor time of all threads of `pid`, user and system, to a tick (10 ms as a rule).
pub(crate) fn cpu_time(pid: u32) -> anyhow::Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("reading {path}: has the server died?"))?;
    let ticks = stat_ticks(&stat).with_context(|| format!("{path} is not as proc(5) says"))?;
    Ok(from_ticks(ticks))
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

/// `utime` + `stime`: the 14th and 15th fields, counted from behind the command, which may contain anything.
fn stat_ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

fn rss_kib(rollup: &str) -> Option<u64> {
    rollup.lines().find_map(|line| line.strip_prefix("Rss:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_with_spaces_and_brackets_does_not_shift_the_fields() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 100 0 0 0 17 25 0 0 20 0 3 0 5 6 7";
        assert_eq!(stat_ticks(stat), Some(42));
        assert_eq!(stat_ticks("42 (a) S 1"), None);
    }

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
        cpu_time(std::process::id()).expect("stat");
        own_cpu_time().expect("getrusage");
    }
}
