//! What no honest client sends: each is answered by a stable code, and nothing breaks.

mod frames;
mod http;
mod wire;
