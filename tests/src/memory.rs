//! How much memory the server occupies, as the system counts it.

use crate::TestServer;

impl TestServer {
    /// The memory that it occupies, in bytes.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it occupied since [`forget_peak_memory`](Self::forget_peak_memory), in bytes.
    ///
    /// # Panics
    /// When it does not run.
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Lets [`peak_memory`](Self::peak_memory) begin anew.
    ///
    /// # Panics
    /// When the system does not let us.
    pub fn forget_peak_memory(&self) {
        // proc(5): 5 resets the peak resident set size to what is resident now.
        std::fs::write(format!("/proc/{}/clear_refs", self.id()), "5").expect("the peak is forgotten");
    }

    fn status(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("its status");
        let kib = status.lines().find_map(|line| line.strip_prefix(field)?.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse::<u64>().ok()).expect("its memory") * 1024
    }
}
