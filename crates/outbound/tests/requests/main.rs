//! Requests through the public face: what is answered, what is cut, and what never leaves.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod answers;
mod house;
mod refusals;
