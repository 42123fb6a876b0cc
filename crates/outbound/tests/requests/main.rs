//! Requests through the public face: what is answered, what is cut, and what never leaves.

mod answers;
mod house;
mod refusals;
