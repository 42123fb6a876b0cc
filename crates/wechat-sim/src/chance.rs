//! The simulator's chance: seeded, so that the same run happens again.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

/// Seeded randomness. Nothing here guards anything.
pub(crate) struct Chance(StdRng);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` letters and digits, as in codes and tokens.
    pub(crate) fn word(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        (0..length).map(|_| char::from(ALPHABET[self.0.random_range(0..ALPHABET.len())])).collect()
    }

    /// A session key: the base64 text of 16 bytes.
    pub(crate) fn session_key(&mut self) -> String {
        STANDARD.encode(self.bytes::<16>())
    }

    /// Three groups of eight hexadecimal digits: the form of request and trace ids.
    pub(crate) fn request_id(&mut self) -> String {
        let [a, b, c]: [u32; 3] = [self.0.random(), self.0.random(), self.0.random()];
        format!("{a:08x}-{b:08x}-{c:08x}")
    }
}
